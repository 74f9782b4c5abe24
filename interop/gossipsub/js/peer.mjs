import { createHash } from 'node:crypto'

import { generateKeyPair } from '@libp2p/crypto/keys'
import { gossipsub, StrictNoSign, StrictSign } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const PATIENCE_MS = 20_000

export async function makePeer (unsigned) {
  const policy = unsigned
    ? { globalSignaturePolicy: StrictNoSign, msgIdFn: message => createHash('sha256').update(message.data).digest() }
    : { globalSignaturePolicy: StrictSign }
  const node = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      pubsub: gossipsub({ allowPublishToZeroTopicPeers: true, ...policy })
    },
    nodeInfo: { userAgent: 'interop-gossip-js' },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionMonitor: { enabled: false }
  })
  return new Peer(node)
}

class Peer {
  constructor (node) {
    this.node = node
    this.pubsub = node.services.pubsub
    this.messages = new Map()
    this.pubsub.addEventListener('message', ({ detail }) => {
      const text = new TextDecoder().decode(detail.data.subarray(0, 100))
      const from = detail.type === 'signed' ? detail.from.toString() : ''
      this.messages.get(detail.topic)?.push({ from, bytes: detail.data.length, text })
    })
  }

  listening () {
    return { peer_id: this.node.peerId.toString(), addresses: this.node.getMultiaddrs().map(String) }
  }

  obey (given) {
    const todo = this[`do_${given.do}`]
    if (todo === undefined) throw new Error(`no command ${given.do}`)
    return todo.call(this, given)
  }

  async do_dial ({ address }) {
    await this.node.dial(multiaddr(address), { signal: AbortSignal.timeout(PATIENCE_MS) })
    return {}
  }

  do_subscribe ({ topic }) {
    this.messages.set(topic, [])
    this.pubsub.subscribe(topic)
    return {}
  }

  do_leave ({ topic }) {
    this.pubsub.unsubscribe(topic)
    return {}
  }

  do_peers ({ topic }) {
    return this.pubsub.getSubscribers(topic).map(String)
  }

  async do_publish ({ topic, text = '', bytes = 0 }) {
    await this.pubsub.publish(topic, new TextEncoder().encode(bytes > 0 ? 'x'.repeat(bytes) : text))
    return {}
  }

  async do_messages ({ topic, count }) {
    const queue = this.messages.get(topic)
    const end = Date.now() + PATIENCE_MS
    while (queue.length < count) {
      if (Date.now() > end) throw new Error(`${queue.length} messages came of ${count}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return queue.splice(0, count)
  }
}
