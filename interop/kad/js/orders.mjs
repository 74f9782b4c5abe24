import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'

const PATIENCE_MS = 60_000

export function describeNode (node) {
  return {
    ...describe({ id: node.peerId, multiaddrs: node.getMultiaddrs() }),
    public_key: base64(publicKeyToProtobuf(node.peerId.publicKey))
  }
}

// Each takes a node and an order. A key is "/pk/ID", "/ipns/ID", a CID or a peer ID; a value is base64.
export const all = {
  async dial (node, { address }) {
    const connection = await node.dial(multiaddr(address), patience())
    return { peer_id: connection.remotePeer.toString() }
  },

  table (node) {
    const peers = [...tablePeers(node)]
    return { size: peers.length, peers }
  },

  async provide (node, { cid }) {
    let held = 0
    for await (const event of dht(node).provide(CID.parse(cid), patience())) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') ++held
    }
    return { peers: held }
  },

  /** Providers that a lookup finds, at most `count`. */
  async find (node, { cid, count = 20 }) {
    const found = new Map()
    for await (const event of dht(node).findProviders(CID.parse(cid), patience())) {
      if (event.name !== 'PROVIDER') continue
      for (const provider of event.providers) found.set(provider.id.toString(), describe(provider))
      if (found.size >= count) break
    }
    return [...found.values()]
  },

  /** What the node's own store holds for a CID, whoever brought it. */
  async records (node, { cid }) {
    const out = []
    for (const id of await dht(node).providers.getProviders(CID.parse(cid))) {
      const known = await node.peerStore.get(id)
      out.push(describe({ id, multiaddrs: known.addresses.map(each => each.multiaddr) }))
    }
    return out
  },

  async find_peer (node, { peer_id: id }) {
    const wanted = peerIdFromString(id)
    for await (const event of dht(node).findPeer(wanted, patience())) {
      if (event.name === 'FINAL_PEER') return describe(event.peer)
    }
    throw new Error('not found')
  },

  async closest (node, { key }) {
    const found = new Set()
    for await (const event of dht(node).getClosestPeers(keyBytes(key), patience())) {
      if (event.name === 'FINAL_PEER') found.add(event.peer.id.toString())
    }
    return [...found]
  },

  async put (node, { key, value }) {
    let peers = 0
    for await (const event of dht(node).put(keyBytes(key), Buffer.from(value, 'base64'), patience())) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') ++peers
    }
    return { peers }
  },

  async get (node, { key }) {
    let value
    for await (const event of dht(node).get(keyBytes(key), patience())) {
      if (event.name === 'VALUE') value = event.value
    }
    if (value === undefined) throw new Error('not found')
    return { value: base64(value) }
  }
}

function dht (node) {
  return node.services.dht
}

function * tablePeers (node) {
  for (const { peerId } of dht(node).routingTable.kb.toIterable()) yield peerId.toString()
}

function patience () {
  return { signal: AbortSignal.timeout(PATIENCE_MS) }
}

/** A peer and its addresses, each of which ends in /p2p/ID. */
function describe ({ id, multiaddrs }) {
  const end = `/p2p/${id}`
  const addresses = new Set(multiaddrs.map(String).map(each => each.endsWith(end) ? each : each + end))
  return { peer_id: id.toString(), addresses: [...addresses] }
}

/** The bytes that the DHT hashes: a namespace stays text, what it names becomes a multihash. */
function keyBytes (text) {
  const named = /^(\/pk\/|\/ipns\/)(.+)$/.exec(text)
  if (named !== null) return Buffer.concat([Buffer.from(named[1]), multihash(named[2])])
  return multihash(text)
}

function multihash (text) {
  try {
    return peerIdFromString(text).toMultihash().bytes
  } catch {
    return CID.parse(text).multihash.bytes
  }
}

function base64 (bytes) {
  return Buffer.from(bytes).toString('base64')
}
