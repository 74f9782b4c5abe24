use std::time::Duration;

use libp2p::{Multiaddr, PeerId, StreamProtocol, swarm::dial_opts::DialOpts};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, echo, node::Node, perf};

const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);

#[derive(Deserialize)]
struct Command {
    r#do: String,
    address: Option<Multiaddr>,
    peer_id: Option<String>,
    protocol: Option<String>,
    count: Option<usize>,
    streams: Option<usize>,
    bytes: Option<u64>,
}

impl Command {
    fn peer(&self) -> Result<PeerId, Error> {
        Ok(self.peer_id.as_ref().ok_or("no peer_id")?.parse()?)
    }
}

pub async fn obey(node: &Node, line: &str) -> Result<Value, Error> {
    let given: Command = serde_json::from_str(line)?;
    match given.r#do.as_str() {
        "dial" => dial(node, given.address.ok_or("no address")?).await,
        "connections" => Ok(json!(node.seen().connections)),
        "identify" => {
            let peer = given.peer()?;
            wait(|| node.seen().identified.get(&peer).cloned()).await
        }
        "ping" => {
            let (peer, count) = (given.peer()?, given.count.ok_or("no count")?);
            wait(|| {
                let pings = &node.seen().pings;
                pings.get(&peer).filter(|times| times.len() >= count).map(|times| json!(times))
            })
            .await
        }
        "serve" => {
            let name = StreamProtocol::try_from_owned(given.protocol.ok_or("no protocol")?)?;
            let incoming = node.control().accept(name)?;
            tokio::spawn(echo::discard(incoming));
            Ok(json!({}))
        }
        "served" => Ok(node.served.count()),
        "echo" => {
            let streams = given.streams.ok_or("no streams")?;
            let bytes = given.bytes.ok_or("no bytes")?;
            echo::echo(node.control(), given.peer()?, streams, bytes).await
        }
        "perf" => perf::measure(node.control(), given.peer()?, given.bytes.ok_or("no bytes")?).await,
        "reset" => echo::reset(node.control(), given.peer()?, given.count.ok_or("no count")?).await,
        "hang_up" => {
            let peer = given.peer()?;
            node.on_swarm(move |swarm| {
                let _ = swarm.disconnect_peer_id(peer);
            });
            Ok(json!({}))
        }
        other => Err(format!("no command {other}").into()),
    }
}

async fn dial(node: &Node, address: Multiaddr) -> Result<Value, Error> {
    let options = DialOpts::from(address);
    let (peer, connection) = (options.get_peer_id(), options.connection_id());
    node.on_swarm(move |swarm| drop(swarm.dial(options)));
    wait(|| {
        let seen = node.seen();
        if let Some(reason) = seen.failures.get(&connection) {
            return Some(Err(reason.clone().into()));
        }
        let known =
            seen.connections.iter().find(|one| peer.is_some_and(|id| one["peer_id"] == id.to_string()));
        known.map(|one| Ok(one.clone()))
    })
    .await?
}

async fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Result<T, Error> {
    let waiting = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, waiting).await?)
}
