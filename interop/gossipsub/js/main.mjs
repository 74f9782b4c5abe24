// A js-libp2p gossipsub peer that takes the orders of go/main.go.
import '../../lib/node20.mjs'
import { createInterface } from 'node:readline'

import { makePeer } from './peer.mjs'

const peer = await makePeer(process.argv.includes('--unsigned'))
const answer = object => process.stdout.write(JSON.stringify(object) + '\n')
answer({ ok: peer.listening() })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    answer({ ok: await peer.obey(JSON.parse(line)) })
  } catch (error) {
    answer({ error: String(error.stack ?? error) })
  }
}
process.exit(0)
