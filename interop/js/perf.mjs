// `/perf/1.0.0` of the libp2p specs.

import { pieces } from './echo.mjs'

export const PERF = '/perf/1.0.0'
const COUNT_BYTES = 8
const CHUNK = Buffer.alloc(64 * 1024)

function encode (count) {
  const out = Buffer.alloc(COUNT_BYTES)
  out.writeBigUInt64BE(BigInt(count))
  return out
}

async function send (stream, bytes) {
  while (bytes > 0) {
    const size = Math.min(bytes, CHUNK.length)
    if (!stream.send(CHUNK.subarray(0, size))) await stream.onDrain()
    bytes -= size
  }
}

export async function servePerf (stream) {
  let head = Buffer.alloc(0)
  for await (const piece of pieces(stream)) {
    if (head.length < COUNT_BYTES) head = Buffer.concat([head, piece.subarray()])
  }
  await send(stream, Number(head.readBigUInt64BE()))
  await stream.close()
}

async function run (open, up, down) {
  const start = performance.now()
  const stream = await open()
  stream.send(encode(down))
  await send(stream, up)
  await stream.close()
  let received = 0
  for await (const piece of pieces(stream)) received += piece.byteLength
  if (received !== down) throw new Error(`${received} bytes came instead of ${down}`)
  return (performance.now() - start) / 1000
}

export async function measure (open, bytes) {
  return { up_seconds: await run(open, bytes, 0), down_seconds: await run(open, 0, bytes) }
}
