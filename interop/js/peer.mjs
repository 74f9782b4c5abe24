// A libp2p peer that does what it is told: one JSON object a line on stdin, one answer a line on
// stdout, each {"ok": ...} or {"error": "..."}. It listens on loopback, speaks TCP, Noise or TLS, and
// yamux, and ends with its stdin.

import '../lib/node20.mjs'

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { makePeer } from './commands.mjs'

const { values } = parseArgs({
  options: {
    key: { type: 'string', default: 'ed25519' },
    security: { type: 'string', default: 'noise' }
  }
})
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')

const peer = await makePeer(values.key, values.security)
say({ ok: peer.listening() })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ ok: await peer.obey(JSON.parse(line)) })
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` })
  }
}
process.exit(0)
