//! A rust-libp2p gossipsub peer that takes the orders of go/main.go.

use std::collections::{HashMap, VecDeque};
use std::io::BufRead;
use std::time::Duration;

use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic, MessageAuthenticity, MessageId, ValidationMode};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, identify, noise, ping, tcp, yamux};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

type Error = Box<dyn std::error::Error + Send + Sync>;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(NetworkBehaviour)]
struct Behaviour {
    gossipsub: gossipsub::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

#[derive(Deserialize)]
struct Order {
    r#do: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    bytes: usize,
    #[serde(default)]
    count: usize,
}

struct Peer {
    swarm: Swarm<Behaviour>,
    messages: HashMap<String, VecDeque<Value>>,
}

/// As go and js have it: author and sequence number, or the hash of what has none.
fn id_of(message: &gossipsub::Message) -> MessageId {
    match (&message.source, message.sequence_number) {
        (Some(author), Some(number)) => {
            let mut id = author.to_bytes();
            id.extend(number.to_be_bytes());
            MessageId::from(id)
        }
        _ => MessageId::from(Sha256::digest(&message.data).to_vec()),
    }
}

fn start(unsigned: bool) -> Result<Swarm<Behaviour>, Error> {
    let swarm = libp2p::SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key| {
            let config = gossipsub::ConfigBuilder::default()
                .validation_mode(if unsigned { ValidationMode::Anonymous } else { ValidationMode::Strict })
                .message_id_fn(id_of)
                .max_transmit_size(2 << 20)
                .build()?;
            let authenticity = if unsigned {
                MessageAuthenticity::Anonymous
            } else {
                MessageAuthenticity::Signed(key.clone())
            };
            Ok(Behaviour {
                gossipsub: gossipsub::Behaviour::new(authenticity, config)?,
                identify: identify::Behaviour::new(identify::Config::new("/ipfs/0.1.0".into(), key.public())),
                ping: ping::Behaviour::default(),
            })
        })?
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(3600)))
        .build();
    Ok(swarm)
}

impl Peer {
    fn note(&mut self, event: SwarmEvent<BehaviourEvent>) {
        if let SwarmEvent::Behaviour(BehaviourEvent::Gossipsub(gossipsub::Event::Message { message, .. })) = event {
            let text = String::from_utf8_lossy(&message.data[..message.data.len().min(100)]).into_owned();
            let from = message.source.map(|peer| peer.to_string()).unwrap_or_default();
            let said = json!({"from": from, "bytes": message.data.len(), "text": text});
            for (name, queue) in &mut self.messages {
                if IdentTopic::new(name).hash() == message.topic {
                    queue.push_back(said.clone());
                }
            }
        }
    }

    /// Runs the swarm until `done` or the end of patience.
    async fn until(&mut self, mut done: impl FnMut(&mut Self) -> bool) -> Result<(), Error> {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            match tokio::time::timeout_at(end, self.swarm.select_next_some()).await {
                Ok(event) => self.note(event),
                Err(_) => return Err("not within 20 s".into()),
            }
        }
        Ok(())
    }

    async fn obey(&mut self, line: &str) -> Result<Value, Error> {
        let order: Order = serde_json::from_str(line)?;
        let topic = IdentTopic::new(&order.topic);
        match order.r#do.as_str() {
            "dial" => {
                let address: Multiaddr = order.address.parse()?;
                let peer = address.iter().find_map(|part| match part {
                    libp2p::multiaddr::Protocol::P2p(peer) => Some(peer),
                    _ => None,
                });
                let peer: PeerId = peer.ok_or("no /p2p")?;
                self.swarm.dial(address)?;
                self.until(|own| own.swarm.is_connected(&peer)).await?;
                Ok(json!({}))
            }
            "subscribe" => {
                self.messages.insert(order.topic.clone(), VecDeque::new());
                self.swarm.behaviour_mut().gossipsub.subscribe(&topic)?;
                Ok(json!({}))
            }
            "leave" => {
                let _ = self.swarm.behaviour_mut().gossipsub.unsubscribe(&topic);
                Ok(json!({}))
            }
            "peers" => {
                let peers = self.swarm.behaviour().gossipsub.all_peers();
                let hash = topic.hash();
                let inside = peers.filter(|(_, topics)| topics.contains(&&hash));
                Ok(json!(inside.map(|(peer, _)| peer.to_string()).collect::<Vec<_>>()))
            }
            "publish" => {
                let data = if order.bytes > 0 { "x".repeat(order.bytes) } else { order.text };
                self.swarm.behaviour_mut().gossipsub.publish(topic.hash(), data.into_bytes())?;
                Ok(json!({}))
            }
            "messages" => {
                let (name, count) = (order.topic, order.count);
                self.until(|own| own.messages.get(&name).is_none_or(|queue| queue.len() >= count)).await?;
                let queue = self.messages.get_mut(&name).ok_or("not subscribed")?;
                Ok(queue.drain(..count).collect())
            }
            other => Err(format!("no command {other}").into()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let unsigned = std::env::args().any(|word| word == "--unsigned");
    let mut peer = Peer { swarm: start(unsigned)?, messages: HashMap::new() };
    peer.swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    peer.until(|own| own.swarm.listeners().next().is_some()).await?;
    let id = *peer.swarm.local_peer_id();
    let addresses: Vec<String> = peer.swarm.listeners().map(|address| format!("{address}/p2p/{id}")).collect();
    println!("{}", json!({"ok": {"peer_id": id.to_string(), "addresses": addresses}}));
    let (sender, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { return Ok(()) };
                let answer = match peer.obey(&line).await {
                    Ok(answer) => json!({"ok": answer}),
                    Err(error) => json!({"error": error.to_string()}),
                };
                println!("{answer}");
            }
            event = peer.swarm.select_next_some() => peer.note(event),
        }
    }
}
