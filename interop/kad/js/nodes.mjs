import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { ipnsSelector } from 'ipns/selector'
import { ipnsValidator } from 'ipns/validator'
import { createLibp2p } from 'libp2p'

const KEY_TYPES = { ed25519: 'Ed25519', secp256k1: 'secp256k1', rsa: 'RSA' }
const DIAL_TIMEOUT_MS = 10_000

/** Each node bootstraps from the given addresses; without any, from the first node. */
export async function startNodes (count, { protocol, client, key, bootstrap }) {
  const nodes = []
  for (let index = 0; index < count; ++index) {
    const node = await startNode({ protocol, client, key })
    const known = bootstrap.length > 0 ? bootstrap.map(multiaddr) : nodes[0]?.getMultiaddrs().slice(0, 1) ?? []
    for (const address of known) {
      await node.dial(address, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
    }
    nodes.push(node)
  }
  return nodes
}

async function startNode ({ protocol, client, key }) {
  return createLibp2p({
    privateKey: await generateKeyPair(KEY_TYPES[key]),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol,
        clientMode: client,
        allowQueryWithZeroPeers: true,
        peerInfoMapper: passthroughMapper, // loopback addresses stay
        validators: { ipns: ipnsValidator },
        selectors: { ipns: ipnsSelector }
      })
    },
    nodeInfo: { userAgent: 'interop-kad-js' },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false },
    // All nodes of a test dial from one address within a second.
    connectionManager: { inboundConnectionThreshold: 1000 }
  })
}
