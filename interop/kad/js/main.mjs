// Kademlia nodes of js-libp2p in one process, told what to do by JSON lines: one object a line on
// stdin, one answer a line on stdout, each {"ok": ...} or {"error": "..."}. They listen on loopback
// and end with stdin. The first line of stdout names the nodes. The orders are those of go/orders.go.

import '../../lib/node20.mjs'

import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { startNodes } from './nodes.mjs'
import * as orders from './orders.mjs'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1' },
    protocol: { type: 'string', default: '/ipfs/lan/kad/1.0.0' },
    client: { type: 'boolean', default: false },
    key: { type: 'string', default: 'ed25519' },
    bootstrap: { type: 'string', multiple: true, default: [] }
  }
})
const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')

const nodes = await startNodes(Number(values.nodes), values)
const described = nodes.map(orders.describeNode)
say({ ok: { ...described[0], nodes: described } })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { do: name, node = 0, ...given } = JSON.parse(line)
    if (nodes[node] === undefined) throw new Error(`no node ${node}`)
    if (orders.all[name] === undefined) throw new Error(`no order ${name}`)
    say({ ok: await orders.all[name](nodes[node], given) })
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` })
  }
}
process.exit(0)
