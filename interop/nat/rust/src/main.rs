//! A libp2p peer that is a relay, or is reached through one and punches holes. It does what it is
//! told: one JSON object a line on stdin, one answer a line on stdout, each {"ok": ...} or
//! {"error": "..."}. It speaks TCP and QUIC, Noise and yamux, and ends with its stdin.

use std::{
    collections::HashSet,
    io::BufRead,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use libp2p::{
    Multiaddr, PeerId, Swarm, SwarmBuilder, dcutr, identify,
    identity::Keypair,
    multiaddr::Protocol,
    noise, ping, relay,
    swarm::{NetworkBehaviour, SwarmEvent, behaviour::toggle::Toggle, dial_opts::DialOpts},
    tcp, yamux,
};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error + Send + Sync>;
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    relay_client: relay::client::Behaviour,
    relay_server: Toggle<relay::Behaviour>,
    dcutr: Toggle<dcutr::Behaviour>,
}

#[derive(Default)]
struct Seen {
    listening: HashSet<Multiaddr>,
    connections: Vec<Value>,
    failures: Vec<String>,
    punched: Vec<Value>,
    reserved: bool,
}

struct Options {
    listen: Vec<Multiaddr>,
    relay: Option<Multiaddr>,
    serves: bool,
}

fn options() -> Result<Options, Error> {
    let mut out = Options { listen: vec![], relay: None, serves: false };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let mut value = || words.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--listen" => out.listen.push(value()?.parse()?),
            "--relay" => out.relay = Some(value()?.parse()?),
            "--serve" => out.serves = true,
            _ => return Err("usage: nat_peer --listen ADDRESS... [--relay ADDRESS] [--serve]".into()),
        }
    }
    Ok(out)
}

fn make_swarm(options: &Options) -> Result<Swarm<Behaviour>, Error> {
    let serves = options.serves;
    let punches = options.relay.is_some();
    Ok(SwarmBuilder::with_existing_identity(Keypair::generate_ed25519())
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_quic()
        .with_relay_client(noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key, relay_client| {
            let id = key.public().to_peer_id();
            Behaviour {
                identify: identify::Behaviour::new(
                    identify::Config::new("ipfs/0.1.0".into(), key.public())
                        .with_agent_version("interop-rust".into()),
                ),
                ping: ping::Behaviour::new(ping::Config::new()),
                relay_client,
                relay_server: serves.then(|| relay::Behaviour::new(id, relay::Config::default())).into(),
                dcutr: punches.then(|| dcutr::Behaviour::new(id)).into(),
            }
        })?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build())
}

fn note(seen: &mut Seen, event: SwarmEvent<BehaviourEvent>) {
    match event {
        SwarmEvent::NewListenAddr { address, .. } => {
            seen.listening.insert(address);
        }
        SwarmEvent::ConnectionEstablished { peer_id, endpoint, connection_id, .. } => {
            seen.connections.push(json!({
                "id": connection_id.to_string(),
                "peer_id": peer_id.to_string(),
                "direction": if endpoint.is_dialer() { "outbound" } else { "inbound" },
                "remote": if endpoint.is_relayed() {
                    format!("{}/p2p-circuit", endpoint.get_remote_address())
                } else {
                    endpoint.get_remote_address().to_string()
                },
            }));
        }
        SwarmEvent::ConnectionClosed { connection_id, .. } => {
            seen.connections.retain(|one| one["id"] != connection_id.to_string());
        }
        SwarmEvent::OutgoingConnectionError { error, .. } => seen.failures.push(error.to_string()),
        SwarmEvent::Behaviour(BehaviourEvent::RelayClient(
            relay::client::Event::ReservationReqAccepted { .. },
        )) => seen.reserved = true,
        SwarmEvent::Behaviour(BehaviourEvent::Dcutr(event)) => seen.punched.push(json!({
            "peer_id": event.remote_peer_id.to_string(),
            "error": event.result.err().map(|error| error.to_string()),
        })),
        _ => {}
    }
}

type Deed = Box<dyn FnOnce(&mut Swarm<Behaviour>) + Send>;

struct Node {
    id: PeerId,
    seen: Arc<Mutex<Seen>>,
    deeds: tokio::sync::mpsc::UnboundedSender<Deed>,
}

impl Node {
    async fn wait<T>(&self, mut look: impl FnMut(&mut Seen) -> Option<T>) -> Result<T, Error> {
        let waiting = async {
            loop {
                if let Some(found) = look(&mut self.seen.lock().unwrap()) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        Ok(tokio::time::timeout(PATIENCE, waiting).await?)
    }

    fn addresses(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let mut out: Vec<String> =
            seen.listening.iter().map(|one| one.clone().with_p2p(self.id).unwrap().to_string()).collect();
        out.sort();
        out
    }

    async fn obey(&self, line: &str) -> Result<Value, Error> {
        let given: Value = serde_json::from_str(line)?;
        match given["do"].as_str().unwrap_or_default() {
            "addresses" => Ok(json!(self.addresses())),
            "connections" => Ok(json!(self.seen.lock().unwrap().connections)),
            "punched" => Ok(json!(self.seen.lock().unwrap().punched)),
            "dial" => {
                let address: Multiaddr = given["address"].as_str().ok_or("no address")?.parse()?;
                let Some(Protocol::P2p(peer)) = address.iter().last() else {
                    return Err("the address does not end in /p2p".into());
                };
                self.seen.lock().unwrap().failures.clear();
                let _ = self.deeds.send(Box::new(move |swarm| drop(swarm.dial(DialOpts::from(address)))));
                self.wait(|seen| {
                    let known = seen.connections.iter().find(|one| one["peer_id"] == peer.to_string());
                    known.cloned().map(Ok).or_else(|| seen.failures.first().cloned().map(Err))
                })
                .await?
                .map_err(Into::into)
            }
            other => Err(format!("no command {other}").into()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = options()?;
    let mut swarm = make_swarm(&options)?;
    for address in &options.listen {
        swarm.listen_on(address.clone())?;
    }
    let (deeds, mut todo) = tokio::sync::mpsc::unbounded_channel::<Deed>();
    let node = Node { id: *swarm.local_peer_id(), seen: Arc::default(), deeds };
    let seen = node.seen.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                event = swarm.select_next_some() => note(&mut seen.lock().unwrap(), event),
                Some(deed) = todo.recv() => deed(&mut swarm),
            }
        }
    });
    let count = options.listen.len();
    node.wait(|seen| (seen.listening.len() >= count).then_some(())).await?;
    if options.serves {
        // A relay gives no place while it does not know where it is reached.
        let known: Vec<Multiaddr> = node.seen.lock().unwrap().listening.iter().cloned().collect();
        let _ = node.deeds.send(Box::new(move |swarm| {
            known.into_iter().for_each(|address| swarm.add_external_address(address));
        }));
    }
    if let Some(relay) = options.relay {
        // First a connection, by which identify learns where we are seen: what DCUtR tells.
        let circuit = relay.clone().with(Protocol::P2pCircuit);
        node.obey(&json!({"do": "dial", "address": relay.to_string()}).to_string()).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let _ = node.deeds.send(Box::new(move |swarm| drop(swarm.listen_on(circuit))));
        node.wait(|seen| seen.reserved.then_some(())).await?;
    }
    println!("{}", json!({"ok": {"peer_id": node.id.to_string(), "addresses": node.addresses()}}));
    let (sender, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let answer = match node.obey(&line).await {
            Ok(answer) => json!({"ok": answer}),
            Err(error) => json!({"error": error.to_string()}),
        };
        println!("{answer}");
    }
    Ok(())
}
