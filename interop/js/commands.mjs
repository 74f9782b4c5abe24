import { readFileSync } from 'node:fs'

import { quic } from '@chainsafe/libp2p-quic'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify, identifyPush } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { WebSocket } from 'ws'

import { ECHO, EchoServer, echo, reset } from './echo.mjs'
import { PERF, measure, servePerf } from './perf.mjs'

// Browsers have one, and so does Node.js from 22 on.
globalThis.WebSocket ??= WebSocket

const SECURITY = { noise, tls }
const KEY_TYPES = { ed25519: 'Ed25519', secp256k1: 'secp256k1', rsa: 'RSA' }
const PATIENCE_MS = 10_000
const MAX_STREAMS = 256 // the defaults are 32 in and 64 out for each protocol

// What a WebSocket in TLS listens with; whom it trusts is NODE_EXTRA_CA_CERTS.
function webTLS () {
  const file = process.env.INTEROP_CERTIFICATE
  if (file == null) return undefined
  const pem = readFileSync(file)
  return { key: pem, cert: pem }
}

// QUIC secures and multiplexes by itself.
function transportOf (security) {
  if (security === 'quic') {
    return { addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] }, transports: [quic()] }
  }
  const overWebSocket = security === 'ws' || security === 'wss'
  const end = { ws: '/ws', wss: '/tls/ws' }[security] ?? ''
  return {
    addresses: { listen: [`/ip4/127.0.0.1/tcp/0${end}`] },
    transports: [overWebSocket ? webSockets({ https: webTLS() }) : tcp()],
    connectionEncrypters: [SECURITY[overWebSocket ? 'noise' : security]()],
    streamMuxers: [yamux()]
  }
}

export async function makePeer (keyType, security) {
  const node = await createLibp2p({
    privateKey: await generateKeyPair(KEY_TYPES[keyType]),
    ...transportOf(security),
    services: { identify: identify(), identifyPush: identifyPush(), ping: ping() },
    nodeInfo: { userAgent: 'interop-js' },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false }
  })
  const peer = new Peer(node)
  await node.handle(ECHO, stream => peer.server.serve(stream), {
    maxInboundStreams: MAX_STREAMS,
    maxOutboundStreams: MAX_STREAMS
  })
  await node.handle(PERF, servePerf)
  return peer
}

class Peer {
  constructor (node) {
    this.node = node
    this.server = new EchoServer()
    this.identified = new Map()
    node.addEventListener('peer:identify', ({ detail }) => {
      this.identified.set(detail.peerId.toString(), detail)
    })
  }

  listening () {
    const addresses = this.node.getMultiaddrs().map(String)
    return { peer_id: this.node.peerId.toString(), addresses }
  }

  obey (given) {
    const todo = this[`do_${given.do}`]
    if (todo === undefined) throw new Error(`no command ${given.do}`)
    return todo.call(this, { ...given, to: given.peer_id && peerIdFromString(given.peer_id) })
  }

  async do_dial ({ address }) {
    return describe(await this.node.dial(multiaddr(address), { signal: AbortSignal.timeout(PATIENCE_MS) }))
  }

  do_connections () {
    return this.node.getConnections().map(describe)
  }

  async do_identify ({ to, peer_id }) {
    const end = Date.now() + PATIENCE_MS
    while (!this.identified.has(peer_id)) {
      if (Date.now() > end) throw new Error('not identified')
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    const first = this.identified.get(peer_id)
    const now = await this.node.peerStore.get(to) // what pushes have changed since
    const value = name => new TextDecoder().decode(now.metadata.get(name))
    return {
      agent: value('AgentVersion'),
      version: value('ProtocolVersion'),
      protocols: now.protocols,
      addresses: now.addresses.map(each => each.multiaddr.toString()),
      observed: String(first.observedAddr),
      signed: first.signedPeerRecord !== undefined
    }
  }

  async do_ping ({ to, count }) {
    const times = []
    for (let number = 0; number < count; number++) times.push(await this.node.services.ping.ping(to))
    return times
  }

  async do_serve ({ protocol }) {
    await this.node.handle(protocol, async stream => {
      for await (const _ of stream);
      await stream.close()
    })
    return {}
  }

  do_served () {
    return this.server.count
  }

  do_echo ({ to, streams, bytes }) {
    return echo(() => this.open(to), streams, bytes)
  }

  do_reset ({ to, count }) {
    return reset(() => this.open(to), count)
  }

  async do_hang_up ({ to }) {
    await this.node.hangUp(to)
    return {}
  }

  do_perf ({ to, bytes }) {
    return measure(() => this.node.dialProtocol(to, PERF), bytes)
  }

  open (to) {
    return this.node.dialProtocol(to, ECHO)
  }
}

function describe (connection) {
  return {
    peer_id: connection.remotePeer.toString(),
    direction: connection.direction,
    security: connection.encryption,
    muxer: connection.multiplexer,
    remote: connection.remoteAddr.toString(),
    key_type: connection.remotePeer.type.toLowerCase()
  }
}
