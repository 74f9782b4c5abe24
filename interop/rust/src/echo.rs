use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use futures::{AsyncReadExt, AsyncWriteExt, StreamExt, future::try_join_all};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::{Control, IncomingStreams};
use serde_json::{Value, json};

use crate::Error;

pub const PROTOCOL: &str = "/echo/1.0.0";
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Default)]
pub struct Served {
    whole: AtomicU64,
    broken: AtomicU64,
    bytes: AtomicU64,
}

impl Served {
    pub fn count(&self) -> Value {
        let [whole, broken, bytes] = [&self.whole, &self.broken, &self.bytes].map(|one| one.load(Relaxed));
        json!({"whole": whole, "broken": broken, "bytes": bytes})
    }
}

/// Sends back what comes until the other side ends its half, then ends ours.
pub async fn serve(stream: Stream, served: Arc<Served>) {
    match serve_one(stream).await {
        Ok(bytes) => {
            served.bytes.fetch_add(bytes, Relaxed);
            served.whole.fetch_add(1, Relaxed)
        }
        Err(_) => served.broken.fetch_add(1, Relaxed),
    };
}

async fn serve_one(stream: Stream) -> Result<u64, Error> {
    let (mut from, mut to) = stream.split();
    let bytes = futures::io::copy(&mut from, &mut to).await?;
    to.close().await?;
    Ok(bytes)
}

pub async fn discard(mut incoming: IncomingStreams) {
    while let Some((_, mut stream)) = incoming.next().await {
        tokio::spawn(async move {
            let _ = futures::io::copy(&mut stream, &mut futures::io::sink()).await;
            let _ = stream.close().await;
        });
    }
}

/// What stream `number` carries: reproducible, and different for each.
struct Pattern {
    state: u64,
    left: u64,
}

impl Pattern {
    fn new(number: usize, size: u64) -> Self {
        Self { state: 0x9e37_79b9_7f4a_7c15 ^ (number as u64 + 1), left: size }
    }

    fn next<'a>(&mut self, into: &'a mut [u8]) -> &'a mut [u8] {
        let size = self.left.min(into.len() as u64);
        self.left -= size;
        for word in into.chunks_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            word.copy_from_slice(&self.state.to_le_bytes()[..word.len()]);
        }
        &mut into[..size as usize]
    }
}

pub async fn echo(mut control: Control, to: PeerId, streams: usize, size: u64) -> Result<Value, Error> {
    let start = Instant::now();
    // All are open before the first byte goes.
    let mut opened = Vec::new();
    for _ in 0..streams {
        opened.push(control.open_stream(to, StreamProtocol::new(PROTOCOL)).await?);
    }
    let tasks =
        opened.into_iter().enumerate().map(|(number, stream)| tokio::spawn(exchange(stream, number, size)));
    for result in try_join_all(tasks).await? {
        result?;
    }
    Ok(json!({"seconds": start.elapsed().as_secs_f64()}))
}

async fn exchange(stream: Stream, number: usize, size: u64) -> Result<(), Error> {
    let (mut from, mut to) = stream.split();
    let sending = async {
        let (mut source, mut buffer) = (Pattern::new(number, size), vec![0; CHUNK_BYTES]);
        while source.left > 0 {
            to.write_all(source.next(&mut buffer)).await?;
        }
        to.close().await?;
        Ok::<(), Error>(())
    };
    let receiving = async {
        let (mut expected, mut want, mut have) =
            (Pattern::new(number, size), vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
        while expected.left > 0 {
            let left = expected.left;
            let piece = expected.next(&mut want);
            let got = &mut have[..piece.len()];
            from.read_exact(got)
                .await
                .map_err(|error| format!("stream {number}, {left} bytes to come: {error}"))?;
            if got != piece {
                return Err(format!("stream {number} brings other bytes back").into());
            }
        }
        match from.read(&mut have).await? {
            0 => Ok(()),
            got => Err(format!("stream {number} does not end: {got} bytes more").into()),
        }
    };
    futures::try_join!(sending, receiving)?;
    Ok(())
}

/// Breaks `count` streams off in the middle; the connection must outlive that.
pub async fn reset(mut control: Control, to: PeerId, count: usize) -> Result<Value, Error> {
    for _ in 0..count {
        let mut stream = control.open_stream(to, StreamProtocol::new(PROTOCOL)).await?;
        stream.write_all(&vec![0; CHUNK_BYTES]).await?;
        stream.flush().await?;
        stream.read_exact(&mut [0; 100]).await?;
        drop(stream);
    }
    echo(control, to, 1, 1000).await
}
