//! `/perf/1.0.0` of the libp2p specs; libp2p-perf has not followed the other crates since 2023.

use std::time::Instant;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt, io};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::{Control, IncomingStreams};
use serde_json::{Value, json};

use crate::Error;

pub const PROTOCOL: &str = "/perf/1.0.0";
const CHUNK_BYTES: usize = 64 * 1024;

pub async fn serve(mut incoming: IncomingStreams) {
    while let Some((_, stream)) = incoming.next().await {
        tokio::spawn(serve_one(stream));
    }
}

async fn serve_one(mut stream: Stream) -> Result<(), Error> {
    let mut count = [0; 8];
    stream.read_exact(&mut count).await?;
    receive(&mut stream).await?;
    send(&mut stream, u64::from_be_bytes(count)).await?;
    stream.close().await?;
    Ok(())
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Result<u64, Error> {
    Ok(io::copy(stream, &mut io::sink()).await?)
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), mut bytes: u64) -> Result<(), Error> {
    let chunk = [0; CHUNK_BYTES];
    while bytes > 0 {
        let count = bytes.min(CHUNK_BYTES as u64);
        stream.write_all(&chunk[..count as usize]).await?;
        bytes -= count;
    }
    Ok(())
}

async fn run(control: &mut Control, to: PeerId, up: u64, down: u64) -> Result<f64, Error> {
    let start = Instant::now();
    let mut stream = control.open_stream(to, StreamProtocol::new(PROTOCOL)).await?;
    stream.write_all(&down.to_be_bytes()).await?;
    send(&mut stream, up).await?;
    stream.close().await?;
    match receive(&mut stream).await? {
        got if got == down => Ok(start.elapsed().as_secs_f64()),
        got => Err(format!("{got} bytes came instead of {down}").into()),
    }
}

pub async fn measure(mut control: Control, to: PeerId, bytes: u64) -> Result<Value, Error> {
    let up = run(&mut control, to, bytes, 0).await?;
    let down = run(&mut control, to, 0, bytes).await?;
    Ok(json!({"up_seconds": up, "down_seconds": down}))
}
