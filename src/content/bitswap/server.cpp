#include "content/bitswap/server.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::content::bitswap {

namespace {

constexpr Duration kRetryPause = 200ms;
constexpr Duration kLate = 5s;

}  // namespace

struct Server::Peer {
  Peer(System& system, net::Swarm& swarm, const PeerId& peer)
      : id(peer),
        ledger(system.clock.now()),
        out(system, swarm, peer),
        wanted(system.waits),
        drained(system.waits),
        sendable(system.waits) {}

  const PeerId id;
  Ledger ledger;
  OutboundStream out;
  std::deque<Batch> ready;  // read, to be written
  std::size_t ready_bytes = 0;
  std::size_t leaving = 0;  // of the blocks being written
  bool writing = false;
  bool gone = false;
  Event wanted;
  Event drained;
  Event sendable;

  bool is_idle() const { return ready.empty() && !writing; }
};

Server::Server(System& system, net::Swarm& swarm, BlockReader& store)
    : system_(system),
      swarm_(swarm),
      store_(store),
      room_(system, kRoomBytes, Room::peers_of(swarm, "blocks that it wanted")),
      tasks_(system.waits, "bitswap server") {}

void Server::receive(const PeerId& from, const Message& message) {
  if (message.wants.empty() && !message.full) return;
  // What arrives after the last connection ended would be kept for ever.
  if (tasks_.stopping() || swarm_.best(from) == nullptr) return;
  const auto found = peers_.find(from);
  const PeerPtr peer = found != peers_.end() ? found->second : start(from);
  const auto size_of = [this](const Multihash& hash) { return store_.size(hash); };
  peer->ledger.receive(message, size_of, system_.clock.now());
  // Not as soon as it connects: what an earlier life of it wanted, it has called off only now.
  peer->out.leave_worse_connection();
  if (peer->ledger.has_blocks()) peer->wanted.notify_all();
  if (peer->ledger.has_presences()) peer->sendable.notify_all();
}

void Server::offer(const Multihash& hash) {
  std::optional<std::uint64_t> bytes;
  for (const auto& [id, peer] : peers_) {
    if (!peer->ledger.waits_for(hash)) continue;
    if (!bytes) bytes = store_.size(hash);
    if (!bytes) return;
    peer->ledger.offer(hash, *bytes);
    if (peer->ledger.has_blocks()) peer->wanted.notify_all();
    if (peer->ledger.has_presences()) peer->sendable.notify_all();
  }
}

void Server::offer_all() {
  for (const auto& [id, peer] : peers_) {
    for (const Multihash& hash : peer->ledger.waiting()) {
      if (const auto bytes = store_.size(hash)) peer->ledger.offer(hash, *bytes);
    }
    if (peer->ledger.has_blocks()) peer->wanted.notify_all();
    if (peer->ledger.has_presences()) peer->sendable.notify_all();
  }
}

Server::PeerPtr Server::start(const PeerId& id) {
  auto peer = std::make_shared<Peer>(system_, swarm_, id);
  peers_.emplace(id, peer);
  tasks_.spawn(read_ahead(peer));
  tasks_.spawn(send_all(peer));
  return peer;
}

void Server::end(const PeerPtr& peer) {
  if (std::exchange(peer->gone, true)) return;
  peers_.erase(peer->id);
  peer->out.drop();
  peer->wanted.notify_all();
  peer->drained.notify_all();
  peer->sendable.notify_all();
}

void Server::disconnected(const PeerId& from, net::ConnectionId connection, bool was_last) {
  if (was_last) room_.forget(from);
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  const PeerPtr peer = found->second;
  peer->out.disconnected(connection);
  if (was_last) end(peer);
}

std::size_t Server::bytes_leaving() const {
  std::size_t out = 0;
  for (const auto& [id, peer] : peers_) out += peer->leaving;
  return out;
}

Task<void> Server::stop() {
  const auto all = peers_;
  for (const auto& [id, peer] : all) end(peer);
  co_await tasks_.stop();
}

Task<void> Server::read_ahead(PeerPtr peer) {
  while (!peer->gone) {
    if (!peer->ledger.has_blocks()) {
      co_await peer->wanted.wait();
    } else if (peer->ready_bytes >= (room_.is_proven(peer->id) ? kReadAheadBytes : 1)) {
      co_await peer->drained.wait();
    } else {
      Batch batch = co_await read_batch(*peer);
      peer->ready_bytes += batch.message.block_bytes();
      if (!batch.cids.empty()) peer->ready.push_back(std::move(batch));
      peer->sendable.notify_all();
    }
  }
}

Task<Server::Batch> Server::read_batch(Peer& peer) {
  Batch batch;
  batch.share = co_await room_.take(peer.id, kMessageBlockBytes);
  std::size_t bytes = 0;
  while (!peer.gone) {
    const std::vector<Cid> cids = next_blocks(peer, bytes);
    if (cids.empty()) break;
    std::vector<std::optional<SharedBytes>> contents = co_await read_blocks(cids);
    for (std::size_t i = 0; i < cids.size(); ++i) {
      std::optional<SharedBytes>& content = contents[i];
      if (!content || content->size() > kMaxBlockBytes) {
        peer.ledger.missing(cids[i].hash());
        continue;
      }
      bytes += content->size();
      batch.message.blocks.push_back({CidPrefix::of(cids[i]), std::move(*content)});
      batch.cids.push_back(cids[i]);
    }
  }
  batch.share->shrink(bytes);
  co_return batch;
}

std::vector<Cid> Server::next_blocks(Peer& peer, std::size_t bytes) {
  std::vector<Cid> out;
  out.reserve(kReadTogether);
  while (out.size() < kReadTogether) {
    const std::optional<std::uint64_t> size = peer.ledger.next_bytes();
    if (!size) break;
    if (bytes > 0 && bytes + *size > kMessageBlockBytes) break;
    if (bytes >= kIdleMessageBytes && peer.is_idle()) break;
    bytes += static_cast<std::size_t>(*size);
    out.push_back(*peer.ledger.next_block());
  }
  return out;
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

Task<void> Server::send_all(PeerPtr peer) {
  int failures = 0;
  while (!peer->gone && failures < kMaxFailures) {
    if (peer->ready.empty() && !peer->ledger.has_presences()) {
      co_await peer->sendable.wait();
      continue;
    }
    bool failed = false;
    try {
      co_await send_next(*peer);
      failures = 0;
    } catch (const Error& error) {
      log_debug("bitswap server: {}", error.what());
      failed = true;
    }
    if (!failed) continue;
    ++failures;
    if (!peer->out.was_open()) co_await system_.clock.sleep_for(kRetryPause);
  }
  end(peer);
}

Server::Batch Server::take_ready(Peer& peer) {
  Batch batch;
  if (peer.ready.empty()) return batch;
  Batch read = std::move(peer.ready.front());
  peer.ready.pop_front();
  peer.ready_bytes -= read.message.block_bytes();
  batch.message.presences = std::move(read.message.presences);
  for (std::size_t i = 0; i < read.cids.size(); ++i) {
    if (!peer.ledger.is_wanted(read.cids[i].hash())) {
      peer.ledger.sent(read.cids[i].hash());
      continue;
    }
    batch.message.blocks.push_back(std::move(read.message.blocks[i]));
    batch.cids.push_back(std::move(read.cids[i]));
  }
  batch.share = std::move(read.share);
  if (batch.share) batch.share->shrink(batch.message.block_bytes());
  peer.ready_bytes += batch.message.block_bytes();
  peer.drained.notify_all();
  return batch;
}

Task<void> Server::send_next(Peer& peer) {
  if (system_.faults.strikes("bitswap.answer_late")) co_await system_.clock.sleep_for(kLate);
  co_await peer.out.ready();
  const Version version = peer.out.version();
  Batch batch = take_ready(peer);
  const std::size_t bytes = batch.message.block_bytes();
  // Behind those that did not get through with an earlier stream.
  std::vector<Presence>& presences = batch.message.presences;
  const auto more = peer.ledger.take_presences(kMaxPresences - presences.size());
  presences.insert(presences.end(), more.begin(), more.end());
  if (version != Version::v1_2) presences.clear();  // it would not know them
  if (batch.message.empty()) co_return;

  const EncodedMessage encoded = encode_message(batch.message, version);
  const bool lost = system_.faults.strikes("bitswap.lose_answer");
  peer.writing = true;
  std::exception_ptr failure;
  try {
    const auto moved = [&](std::size_t part) {
      peer.leaving = std::min(peer.leaving + part, batch.message.block_bytes());
      if (batch.share) batch.share->moved();
    };
    if (!lost) co_await peer.out.write(encoded, moved);
  } catch (...) {
    failure = std::current_exception();
  }
  peer.writing = false;
  peer.leaving = 0;
  if (failure) {
    peer.ready.push_front(std::move(batch));  // once more, over the next stream
    std::rethrow_exception(failure);
  }
  peer.ready_bytes -= bytes;
  if (batch.share) batch.share->finished();
  peer.drained.notify_all();
  for (const Cid& cid : batch.cids) peer.ledger.sent(cid.hash());
  if (!sent_) co_return;
  for (std::size_t i = 0; i < batch.cids.size(); ++i) {
    sent_({peer.id, batch.cids[i], batch.message.blocks[i].data.size()});
  }
}

}  // namespace shoal::content::bitswap
