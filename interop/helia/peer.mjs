// A Helia node that does what it is told: one JSON object a line on stdin, one answer a line on
// stdout, each {"ok": ...} or {"error": "..."}. `peer.mjs STORE` keeps its blocks in the folder
// STORE, listens on loopback, knows nobody but whom it dials, and ends with its stdin.

import '../lib/node20.mjs'

import { createReadStream } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'

import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { FsBlockstore } from 'blockstore-fs'
import { createHeliaLight } from 'helia'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'

const PARALLEL = 100 // files fetched at once

const blockstore = new FsBlockstore(process.argv[2])
await blockstore.open()
const node = await withBitswap(withLibp2pLight(createHeliaLight({ blockstore }), {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify() },
  connectionMonitor: { enabled: false }
})).start()
const fs = unixfs(node)

const commands = {
  async dial ({ address }) {
    const connection = await node.libp2p.dial(multiaddr(address))
    return { peer_id: connection.remotePeer.toString() }
  },

  /** A file or a folder, without hidden entries, by one of the profiles of IPIP-499. */
  async add ({ path, profile }) {
    let last
    for await (const each of fs.addAll(candidates(path), { ...LAYOUTS[profile], wrapWithDirectory: false })) last = each
    return last.cid.toString()
  },

  /** A file, or a folder of files, to `path`, which must not be there. */
  async get ({ cid, path }) {
    const root = CID.parse(cid)
    const { type } = await fs.stat(root)
    if (type === 'directory') {
      await mkdir(path)
      await inParallel(fs.ls(root), entry => writeFile(fs.cat(entry.cid), join(path, entry.name)))
    } else {
      await writeFile(fs.cat(root), path)
    }
    return {}
  }
}

// unixfs-v1-2025 is Helia's default. What `profile` says, its own defaults override.
const LAYOUTS = {
  'unixfs-v1-2025': {},
  'unixfs-v0-2015': {
    cidVersion: 0,
    rawLeaves: false,
    chunker: fixedSize({ chunkSize: 256 * 1024 }),
    layout: balanced({ maxChildrenPerNode: 174 })
  }
}

async function * candidates (path) {
  const folder = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => undefined)
  if (folder === undefined) {
    yield { content: createReadStream(path) }
    return
  }
  for (const entry of folder) {
    if (!entry.isFile()) continue
    const full = join(entry.parentPath ?? entry.path, entry.name)
    yield { path: join('root', relative(path, full)), content: createReadStream(full) }
  }
}

// One after the other costs a pause of Helia's for each.
async function inParallel (entries, work) {
  let running = []
  for await (const entry of entries) {
    running.push(work(entry))
    if (running.length < PARALLEL) continue
    await Promise.all(running)
    running = []
  }
  await Promise.all(running)
}

async function writeFile (pieces, path) {
  const file = await open(path, 'wx')
  try {
    for await (const piece of pieces) await file.writeFile(piece)
  } finally {
    await file.close()
  }
}

const say = answer => process.stdout.write(JSON.stringify(answer) + '\n')
const addresses = node.libp2p.getMultiaddrs().map(String)
say({ ok: { peer_id: node.libp2p.peerId.toString(), addresses } })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const given = JSON.parse(line)
    say({ ok: await commands[given.do](given) })
  } catch (error) {
    say({ error: `${error.name}: ${error.message}` })
  }
}
process.exit(0)
