use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::StreamExt;
use libp2p::{
    Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, identify,
    identity::Keypair,
    core::{Transport, upgrade::Version},
    noise, ping,
    swarm::{ConnectionId, NetworkBehaviour, SwarmEvent},
    tcp, tls, websocket, yamux,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{Error, echo, perf, server};

const PING_INTERVAL: Duration = Duration::from_millis(100);

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    echo: server::Behaviour,
    streams: libp2p_stream::Behaviour,
}

type Deed = Box<dyn FnOnce(&mut Swarm<Behaviour>) + Send>;

/// What the swarm has told.
#[derive(Default)]
pub struct Seen {
    pub connections: Vec<Value>,
    pub failures: HashMap<ConnectionId, String>,
    pub identified: HashMap<PeerId, Value>,
    pub pings: HashMap<PeerId, Vec<f64>>,
}

pub struct Node {
    id: PeerId,
    address: Multiaddr,
    control: libp2p_stream::Control,
    deeds: mpsc::UnboundedSender<Deed>,
    seen: Arc<Mutex<Seen>>,
    pub served: Arc<echo::Served>,
}

impl Node {
    pub fn listening(&self) -> Value {
        json!({"peer_id": self.id.to_string(), "addresses": [format!("{}/p2p/{}", self.address, self.id)]})
    }

    pub fn control(&self) -> libp2p_stream::Control {
        self.control.clone()
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    pub fn on_swarm(&self, deed: impl FnOnce(&mut Swarm<Behaviour>) + Send + 'static) {
        let _ = self.deeds.send(Box::new(deed));
    }
}

fn make_key(key_type: &str) -> Result<Keypair, Error> {
    match key_type {
        "ed25519" => Ok(Keypair::generate_ed25519()),
        "secp256k1" => Ok(Keypair::generate_secp256k1()),
        "ecdsa" => Ok(Keypair::generate_ecdsa()),
        // rust-libp2p makes no RSA keys, and reads PKCS #8.
        _ => match key_type.strip_prefix("rsa:") {
            Some(path) => Ok(Keypair::rsa_from_pkcs8(&mut std::fs::read(path)?)?),
            None => Err(format!("no key type {key_type}").into()),
        },
    }
}

fn make_behaviour(key: &Keypair, served: Arc<echo::Served>) -> Behaviour {
    Behaviour {
        identify: identify::Behaviour::new(
            identify::Config::new_with_signed_peer_record("ipfs/0.1.0".into(), key)
                .with_agent_version("interop-rust".into()),
        ),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
        echo: server::Behaviour { served },
        streams: libp2p_stream::Behaviour::new(),
    }
}

fn make_swarm(key: Keypair, security: &str, served: Arc<echo::Served>) -> Result<Swarm<Behaviour>, Error> {
    let builder = SwarmBuilder::with_existing_identity(key).with_tokio();
    let (tcp, yamux) = (tcp::Config::default(), yamux::Config::default);
    let idle = |config: libp2p::swarm::Config| config.with_idle_connection_timeout(Duration::from_secs(3600));
    match security {
        "noise" => Ok(builder
            .with_tcp(tcp, noise::Config::new, yamux)?
            .with_behaviour(|key| make_behaviour(key, served))?
            .with_swarm_config(idle)
            .build()),
        "tls" => Ok(builder
            .with_tcp(tcp, tls::Config::new, yamux)?
            .with_behaviour(|key| make_behaviour(key, served))?
            .with_swarm_config(idle)
            .build()),
        // A transport with a security of its own. Packets of our size, for bench/perf.
        "quic" => Ok(builder
            .with_quic_config(|config| config.mtu_upper_bound(1350))
            .with_behaviour(|key| make_behaviour(key, served))?
            .with_swarm_config(idle)
            .build()),
        "ws" => Ok(builder
            .with_other_transport(|key| {
                let transport = websocket::Config::new(tcp::tokio::Transport::new(tcp))
                    .upgrade(Version::V1)
                    .authenticate(noise::Config::new(key)?)
                    .multiplex(yamux());
                Ok(transport)
            })?
            .with_behaviour(|key| make_behaviour(key, served))?
            .with_swarm_config(idle)
            .build()),
        _ => Err(format!("no security protocol {security}").into()),
    }
}

fn place_of(security: &str) -> &'static str {
    match security {
        "quic" => "/ip4/127.0.0.1/udp/0/quic-v1",
        "ws" => "/ip4/127.0.0.1/tcp/0/ws",
        _ => "/ip4/127.0.0.1/tcp/0",
    }
}

pub async fn start(key_type: &str, security: &str) -> Result<Node, Error> {
    let served: Arc<echo::Served> = Arc::default();
    let mut swarm = make_swarm(make_key(key_type)?, security, served.clone())?;
    swarm.listen_on(place_of(security).parse()?)?;
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    let (deeds, mut todo) = mpsc::unbounded_channel::<Deed>();
    let node = Node {
        id: *swarm.local_peer_id(),
        address,
        control: swarm.behaviour().streams.new_control(),
        deeds,
        seen: Arc::default(),
        served,
    };
    tokio::spawn(perf::serve(node.control().accept(StreamProtocol::new(perf::PROTOCOL))?));
    let seen = node.seen.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                event = swarm.select_next_some() => note(&mut seen.lock().unwrap(), event),
                Some(deed) = todo.recv() => deed(&mut swarm),
            }
        }
    });
    Ok(node)
}

fn note(seen: &mut Seen, event: SwarmEvent<BehaviourEvent>) {
    match event {
        SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } => seen.connections.push(json!({
            "peer_id": peer_id.to_string(),
            "direction": if endpoint.is_dialer() { "outbound" } else { "inbound" },
            "remote": endpoint.get_remote_address().to_string(),
        })),
        SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
            seen.connections.retain(|one| one["peer_id"] != peer_id.to_string());
        }
        SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
            seen.failures.insert(connection_id, error.to_string());
        }
        SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received {
            peer_id, info, ..
        })) => {
            seen.identified.insert(peer_id, describe(&info));
        }
        SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { peer, result: Ok(time), .. })) => {
            seen.pings.entry(peer).or_default().push(time.as_secs_f64() * 1000.0);
        }
        _ => {}
    }
}

fn describe(info: &identify::Info) -> Value {
    json!({
        "agent": info.agent_version,
        "version": info.protocol_version,
        "protocols": info.protocols.iter().map(|one| one.to_string()).collect::<Vec<_>>(),
        "addresses": info.listen_addrs.iter().map(|one| one.to_string()).collect::<Vec<_>>(),
        "observed": info.observed_addr.to_string(),
        "signed": info.signed_peer_record.is_some(),
    })
}
