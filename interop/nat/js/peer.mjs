// A libp2p peer that others reach through a relay only, or that dials such ones. It does what it is
// told: one JSON object a line on stdin, one answer a line on stdout, each {"ok": ...} or
// {"error": "..."}. It speaks TCP, Noise and yamux, and ends with its stdin.

import '../../lib/node20.mjs'

import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const PATIENCE_MS = 20_000

const { values } = parseArgs({ options: { relay: { type: 'string' } } })
const node = await createLibp2p({
  addresses: { listen: values.relay === undefined ? [] : [`${values.relay}/p2p-circuit`] },
  transports: [tcp(), circuitRelayTransport()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), ping: ping({ runOnLimitedConnection: true }) },
  nodeInfo: { userAgent: 'interop-js' },
  connectionGater: { denyDialMultiaddr: () => false },
  connectionMonitor: { enabled: false }
})

const deeds = {
  dial: async ({ address }) => {
    const open = await node.dial(multiaddr(address), { signal: AbortSignal.timeout(PATIENCE_MS) })
    return describe(open)
  },
  ping: ({ address }) => node.services.ping.ping(multiaddr(address)),
  connections: () => node.getConnections().map(describe),
  addresses: () => node.getMultiaddrs().map(String)
}

function describe (connection) {
  const { remotePeer, remoteAddr, direction } = connection
  return { peer_id: remotePeer.toString(), remote: remoteAddr.toString(), direction }
}

const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
say({ ok: { peer_id: node.peerId.toString(), addresses: node.getMultiaddrs().map(String) } })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const given = JSON.parse(line)
    say({ ok: await deeds[given.do](given) })
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` })
  }
}
process.exit(0)
