//! A libp2p peer that does what it is told: one JSON object a line on stdin, one answer a line on
//! stdout, each {"ok": ...} or {"error": "..."}. It listens on loopback, speaks TCP, WebSocket or QUIC,
//! Noise or TLS, and yamux, and ends with its stdin.

mod commands;
mod echo;
mod node;
mod perf;
mod server;

use std::io::BufRead;

use serde_json::json;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let (mut key_type, mut security) = ("ed25519", "noise");
    for pair in arguments[1..].chunks(2) {
        match pair {
            [flag, value] if flag == "--key" => key_type = value,
            [flag, value] if flag == "--security" => security = value,
            _ => return Err("usage: peer [--key ed25519|secp256k1|ecdsa|rsa:FILE] [--security noise|tls|quic|ws]".into()),
        }
    }
    let node = node::start(key_type, security).await?;
    println!("{}", json!({"ok": node.listening()}));
    let (sender, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let answer = match commands::obey(&node, &line).await {
            Ok(answer) => json!({"ok": answer}),
            Err(error) => json!({"error": error.to_string()}),
        };
        println!("{answer}");
    }
    Ok(())
}
