export const ECHO = '/echo/1.0.0'
const CHUNK_BYTES = 64 * 1024

/**
 * What comes, to its end. The stream's own iterator misses what has come, or the end, when the other
 * side had ended its half before the iteration began.
 */
export async function * pieces (stream) {
  const queue = []
  const ended = () => stream.readableEnded && stream.readBufferLength === 0
  let failure
  let wake = () => {}
  stream.addEventListener('message', ({ data }) => { queue.push(data); wake() })
  stream.addEventListener('end', () => wake())
  stream.addEventListener('close', ({ error }) => { failure = error; wake() })
  while (true) {
    while (queue.length > 0) yield queue.shift()
    if (failure !== undefined) throw failure
    if (ended()) return
    await new Promise(resolve => { wake = resolve })
  }
}

export class EchoServer {
  count = { whole: 0, broken: 0, bytes: 0 }

  /** Sends back what comes until the other side ends its half, then ends ours. */
  async serve (stream) {
    try {
      for await (const piece of pieces(stream)) {
        this.count.bytes += piece.byteLength
        if (!stream.send(piece)) await stream.onDrain()
      }
      await stream.close()
      this.count.whole++
    } catch (error) {
      this.count.broken++
      stream.abort(error)
    }
  }
}

/** What stream `number` carries: reproducible, and different for each. */
class Pattern {
  constructor (number, size) {
    this.state = number + 1
    this.left = size
  }

  next () {
    const out = new Uint32Array(CHUNK_BYTES / 4)
    let word = this.state
    for (let index = 0; index < out.length; index++) {
      word ^= word << 13
      word ^= word >>> 17
      word ^= word << 5
      out[index] = word
    }
    this.state = word
    const size = Math.min(this.left, CHUNK_BYTES)
    this.left -= size
    return Buffer.from(out.buffer, 0, size)
  }
}

export async function echo (open, streams, size) {
  const start = performance.now()
  // All are open before the first byte goes.
  const opened = []
  while (opened.length < streams) opened.push(await open())
  await Promise.all(opened.map((stream, number) => exchange(stream, number, size)))
  return { seconds: (performance.now() - start) / 1000 }
}

async function exchange (stream, number, size) {
  await Promise.all([send(stream, new Pattern(number, size)), receive(stream, number, size)])
}

async function send (stream, source) {
  while (source.left > 0) {
    if (!stream.send(source.next())) await stream.onDrain()
  }
  await stream.close()
}

async function receive (stream, number, size) {
  const expected = new Pattern(number, size)
  let want = Buffer.alloc(0)
  for await (const piece of pieces(stream)) {
    let have = Buffer.from(piece.subarray())
    while (have.length > 0) {
      if (want.length === 0) want = expected.next()
      if (want.length === 0) throw new Error(`stream ${number} brings too much`)
      const length = Math.min(want.length, have.length)
      if (want.compare(have, 0, length, 0, length) !== 0) throw new Error(`stream ${number} brings other bytes back`)
      want = want.subarray(length)
      have = have.subarray(length)
    }
  }
  if (expected.left + want.length > 0) throw new Error(`stream ${number} ends ${expected.left + want.length} bytes early`)
}

/** Breaks `count` streams off in the middle; the connection must outlive that. */
export async function reset (open, count) {
  for (let number = 0; number < count; number++) {
    const stream = await open()
    const heard = new Promise(resolve => stream.addEventListener('message', resolve, { once: true }))
    stream.send(Buffer.alloc(CHUNK_BYTES))
    await heard
    stream.abort(new Error('broken off on purpose'))
  }
  return echo(open, 1, 1000)
}
