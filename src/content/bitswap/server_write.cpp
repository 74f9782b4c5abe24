#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/bitswap/server_peer.h"

namespace shoal::content::bitswap {

namespace {

constexpr Duration kRetryPause = 200ms;
constexpr Duration kLate = 5s;

}  // namespace

Task<void> Server::send_all(PeerPtr peer) {
  int failures = 0;
  while (!peer->gone && failures < kMaxFailures) {
    if (peer->ready.empty() && (peer->sharing || !peer->peer_wants.has_presences())) {
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

Task<void> Server::say_beside(PeerPtr peer) {
  while (!peer->gone) {
    const bool goes_with_blocks = peer->writing == nullptr && !peer->sharing;
    if (goes_with_blocks || !peer->peer_wants.has_presences()) {
      co_await peer->sendable.wait();
      continue;
    }
    const bool waits = peer->sharing && !peer->has_offer;
    if (waits && system_.clock.now() < peer->said_at + kSayPause) {
      co_await system_.clock.sleep_until(peer->said_at + kSayPause);
      continue;
    }
    bool failed = false;
    try {
      co_await say(*peer);
    } catch (const Error& error) {
      log_debug("bitswap server: {}", error.what());
      failed = true;
    }
    if (failed) co_await system_.clock.sleep_for(kRetryPause);
  }
}

Task<void> Server::say(Peer& peer) {
  co_await peer.beside.ready();
  Message message;
  message.presences = peer.peer_wants.take_presences(kMaxPresences);
  peer.has_offer = false;
  peer.said_at = system_.clock.now();
  if (peer.beside.version() != Version::v1_2 || message.presences.empty()) co_return;
  const EncodedMessage encoded = encode_message(message, Version::v1_2);
  co_await peer.beside.write(encoded);
}

Server::BatchPtr Server::take_ready(Peer& peer) {
  if (peer.ready.empty()) return std::make_unique<Batch>();
  BatchPtr batch = std::move(peer.ready.front());
  peer.ready.pop_front();
  peer.ready_bytes -= batch->block_bytes();
  for (std::size_t i = batch->cids.size(); i-- > 0;) {
    if (peer.peer_wants.is_wanted(batch->cids[i].hash())) continue;
    if (batch->counted) copies_.take_back(batch->cids[i].hash());
    peer.peer_wants.sent(batch->cids[i].hash());
    batch->remove(i);
  }
  if (batch->reservation) batch->reservation->shrink(batch->block_bytes());
  peer.ready_bytes += batch->block_bytes();
  peer.drained.notify_all();
  return batch;
}

Task<void> Server::send_next(Peer& peer) {
  if (system_.faults.fires("bitswap.answer_late")) co_await system_.clock.sleep_for(kLate);
  co_await peer.out.ready();
  BatchPtr batch = take_ready(peer);
  // Behind those that did not get through with an earlier stream.
  std::vector<Presence>& presences = batch->message.presences;
  const auto more = peer.peer_wants.take_presences(kMaxPresences - presences.size());
  presences.insert(presences.end(), more.begin(), more.end());
  // An older version would not know them.
  if (peer.out.version() != Version::v1_2) presences.clear();
  if (batch->is_empty()) co_return;

  const bool lost = system_.faults.fires("bitswap.lose_answer");
  peer.writing = batch.get();
  peer.moved_at = system_.clock.now();
  peer.sendable.notify_all();
  const std::size_t bytes = batch->block_bytes();
  const TimePoint began = system_.clock.now();
  std::exception_ptr failure;
  try {
    if (!lost) co_await write(peer, *batch);
  } catch (...) {
    failure = std::current_exception();
  }
  peer.writing = nullptr;
  peer.leaving = 0;
  peer.copy = {};
  peer.ready_bytes -= bytes;
  const std::chrono::duration<double> took = system_.clock.now() - began;
  if (bytes > 0) peer.rate = static_cast<double>(bytes) / std::max(took.count(), 1e-6);
  if (failure) {
    batch->encoded.reset();
    batch->written = 0;
    if (batch->reservation && batch->reservation->revoked()) batch->put_back();
    if (batch->reservation) batch->allow_put_back();
    peer.ready_bytes += batch->block_bytes();
    peer.ready.push_front(std::move(batch));  // once more, over the next stream
    std::rethrow_exception(failure);
  }
  if (!batch->cids.empty()) {
    established_.insert(peer.id);
    swarm_.note_transfer(peer.id);
  }
  batch->put_back();
  peer.drained.notify_all();
  for (const Cid& cid : batch->cids) peer.peer_wants.sent(cid.hash());
  if (peer.sharing) note_sent_bytes(bytes);
  peer.sent += batch->cids.size();
  if (batch->turn && !batch->cids.empty()) batch->turn->note_sent();
  if (bytes >= kTurnBytes) {
    peer.slow = batch->turn ? batch->turn->gave_up() : peer.slow && peer.rate < queue_.slow_rate();
  }
  for (std::size_t i = 0; i < batch->cids.size(); ++i) {
    sent_.notify({peer.id, batch->cids[i], batch->sizes[i]});
  }
}

Task<void> Server::write(Peer& peer, Batch& batch) {
  const Version version = peer.out.version();
  std::size_t size = 0;
  do {
    if (must_wait_for_turn(peer, batch)) co_await wait_for_turn(batch);
    if (batch.is_put_back() && peer.copy.empty()) {
      co_await read_again(peer, batch);
      if (batch.is_empty()) co_return;
      if (batch.reservation) batch.allow_put_back();
    }
    if (!batch.encoded && !batch.is_put_back()) {
      batch.encoded = encode_message(batch.message, version);
      size = batch.encoded->size();
    }
    co_await write_part(peer, batch);
  } while (batch.written < size);
}

/// Out of the blocks for a quick peer. For others, and while memory is scarce, out of a copy, which
/// costs little memory however long it takes.
Task<void> Server::write_part(Peer& peer, Batch& batch) {
  const bool quick = peer.copy.empty() && peer.out.is_quick() && !budget_.contended();
  std::vector<ByteView> part;
  if (quick) {
    pin(peer.id, batch);
    part = cut(batch.encoded->pieces(), batch.written, peer.out.part_bytes());
  } else {
    if (batch.pinned && batch.reservation) batch.allow_put_back();
    if (peer.copy.empty()) {
      peer.copy.reserve(kCopyBytes);
      for (const ByteView piece : cut(batch.encoded->pieces(), batch.written, kCopyBytes)) {
        append(peer.copy, piece);
      }
      peer.copied = 0;
    }
    const ByteView rest = ByteView(peer.copy).subspan(peer.copied);
    part = {rest.first(std::min(rest.size(), peer.out.part_bytes()))};
  }
  std::size_t bytes = 0;
  for (const ByteView piece : part) bytes += piece.size();
  co_await peer.out.write_part(part);
  peer.moved_at = system_.clock.now();
  batch.written += bytes;
  if (!quick) peer.copied += bytes;
  if (peer.copied >= peer.copy.size()) peer.copy.clear();
  if (batch.reservation) batch.reservation->moved(bytes);
  peer.leaving = std::min(peer.leaving + bytes, batch.block_bytes());
}

/// From now on its blocks are needed until the part that is being written has been taken.
void Server::pin(const PeerId& peer, Batch& batch) {
  if (batch.pinned || !batch.reservation) return;
  batch.pinned = true;
  batch.reservation->make_revocable(kMinimumQuickRate, [this, peer] {
    swarm_.disconnect(peer, "does not take the blocks that it wanted");
  });
}

}  // namespace shoal::content::bitswap
