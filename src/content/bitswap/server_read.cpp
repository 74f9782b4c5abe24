#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/bitswap/server_peer.h"

namespace shoal::content::bitswap {

Task<void> Server::read_ahead(PeerPtr peer) {
  while (!peer->gone) {
    if (!peer->peer_wants.has_blocks()) {
      co_await peer->wanted.wait();
    } else if (peer->ready_bytes >= read_ahead_bytes(*peer)) {
      co_await peer->drained.wait();
    } else {
      std::unique_ptr<SendQueue::Turn> turn = co_await take_turn(*peer);
      if (peer->gone) break;
      BatchPtr batch = co_await read_batch(*peer);
      if (peer->gone) forget_copies(*batch);
      if (!batch->cids.empty()) {
        peer->ready_bytes += batch->block_bytes();
        batch->allow_put_back();
        batch->turn = std::move(turn);
        peer->ready.push_back(std::move(batch));
      }
      peer->sendable.notify_all();
    }
  }
}

Task<void> Server::reserve(const PeerId& peer, Batch& batch, std::size_t bytes) {
  const std::optional<IpAddress> prefix = swarm_.ip_prefix_of(peer);
  batch.reservation = co_await budget_.acquire(
      {.peer = peer, .prefix = prefix, .established = is_established(peer)}, bytes);
}

Task<Server::BatchPtr> Server::read_batch(Peer& peer) {
  auto batch = std::make_unique<Batch>();
  batch->counted = peer.sharing;
  co_await reserve(
      peer.id, *batch,
      std::max<std::size_t>(peer.peer_wants.next_bytes().value_or(0),
                            std::min(peer.peer_wants.queued_bytes(), kMessageBlockBytes)));
  std::size_t bytes = 0;
  while (!peer.gone) {
    const std::vector<Cid> cids = next_blocks(peer, bytes);
    if (cids.empty()) break;
    for (const Cid& cid : cids) {
      if (!batch->counted) break;
      copies_.add(cid.hash(), peer.number);
    }
    std::vector<std::optional<SharedBytes>> contents = co_await read_blocks(cids);
    for (std::size_t i = 0; i < cids.size(); ++i) {
      std::optional<SharedBytes>& content = contents[i];
      if (!content || content->size() > kMaxBlockBytes) {
        if (batch->counted) copies_.take_back(cids[i].hash());
        peer.peer_wants.missing(cids[i].hash());
        continue;
      }
      bytes += content->size();
      batch->add(cids[i], std::move(*content));
    }
  }
  batch->reservation->shrink(bytes);
  co_return batch;
}

Task<void> Server::read_again(Peer& peer, Batch& batch) {
  // What is to be sent later must not hold the share that this one needs.
  for (const BatchPtr& later : peer.ready) later->put_back();
  co_await reserve(peer.id, batch, batch.block_bytes());
  std::vector<std::optional<SharedBytes>> contents = co_await read_blocks(batch.cids);
  const Batch before{.message = {},
                     .cids = std::exchange(batch.cids, {}),
                     .sizes = std::exchange(batch.sizes, {}),
                     .reservation = nullptr,
                     .encoded = std::nullopt};
  for (std::size_t i = 0; i < before.cids.size(); ++i) {
    if (contents[i] && contents[i]->size() == before.sizes[i]) {
      batch.add(before.cids[i], std::move(*contents[i]));
    } else {
      peer.peer_wants.missing(before.cids[i].hash());
    }
  }
  if (batch.cids.size() < before.cids.size() && batch.written > 0) {
    peer.out.drop();
    throw Error(ErrorCode::io, "a block vanished while it was being sent");
  }
}

std::vector<Cid> Server::next_blocks(Peer& peer, std::size_t bytes) {
  std::vector<Cid> out;
  out.reserve(kReadTogether);
  while (out.size() < kReadTogether) {
    const std::optional<std::uint64_t> size = peer.peer_wants.next_bytes();
    if (!size) break;
    if (bytes > 0 && bytes + *size > kMessageBlockBytes) break;
    if (bytes >= kIdleMessageBytes && peer.is_idle()) break;
    bytes += static_cast<std::size_t>(*size);
    out.push_back(*peer.peer_wants.next_block());
  }
  return out;
}

/// It went before it had all of them.
void Server::forget_copies(const Batch& batch) {
  if (!batch.counted) return;
  for (const Cid& cid : batch.cids) copies_.take_back(cid.hash());
}

Task<std::vector<std::optional<SharedBytes>>> Server::read_blocks(const std::vector<Cid>& cids) {
  std::vector<Multihash> hashes;
  for (const Cid& cid : cids) hashes.push_back(cid.hash());
  try {
    std::vector<std::optional<SharedBytes>> contents = co_await store_.get(std::move(hashes));
    co_return contents;
  } catch (const Error& error) {
    log_debug("bitswap server: {}", error.what());
  }
  co_return std::vector<std::optional<SharedBytes>>(cids.size());
}

}  // namespace shoal::content::bitswap
