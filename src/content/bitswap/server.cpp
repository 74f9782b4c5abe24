#include "content/bitswap/server.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::content::bitswap {

namespace {

constexpr Duration kRetryPause = 200ms;
constexpr Duration kLate = 5s;

}  // namespace

/// A message that is being made or written.
struct Server::Batch {
  Message message;        // its blocks are there as long as it holds its reservation
  std::vector<Cid> cids;  // of the blocks
  std::vector<std::size_t> sizes;
  std::unique_ptr<net::MemoryBudget::Reservation> reservation;
  std::optional<EncodedMessage> encoded;
  std::size_t written = 0;                  // of the encoded message
  bool counted = false;                     // in copies_
  std::unique_ptr<SendTurns::Turn> turn{};  // null while nobody has to wait for one
  bool pinned = false;                      // the part being written lies in the blocks

  std::size_t block_bytes() const {
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  }
  bool is_put_back() const { return message.blocks.size() != cids.size(); }
  bool is_empty() const { return cids.empty() && message.presences.empty(); }
  /// The memory may be taken away from now on, while others wait for it.
  void allow_put_back() {
    pinned = false;
    reservation->make_revocable(kMinimumRate, [this] { put_back(); });
  }
  void put_back() {
    encoded.reset();
    message.blocks.clear();
    reservation.reset();
  }
  void add(Cid cid, SharedBytes content) {
    message.blocks.push_back({CidPrefix::of(cid), std::move(content)});
    sizes.push_back(message.blocks.back().data.size());
    cids.push_back(std::move(cid));
  }
  void remove(std::size_t i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    if (!is_put_back()) message.blocks.erase(message.blocks.begin() + at);
    cids.erase(cids.begin() + at);
    sizes.erase(sizes.begin() + at);
  }
};

struct Server::Peer {
  Peer(System& system, net::Swarm& swarm, const PeerId& peer)
      : id(peer),
        ledger(system.clock.now()),
        out(system, swarm, peer),
        beside(system, swarm, peer),
        wanted(system.waits),
        drained(system.waits),
        sendable(system.waits) {}

  const PeerId id;
  std::uint32_t number = 0;
  std::uint64_t given = 0;  // blocks
  std::uint64_t sent = 0;
  Ledger ledger;
  OutboundStream out;
  OutboundStream beside;       // for what must not wait behind blocks
  bool sharing = false;        // what it gets
  bool slow = false;           // it gave up its turn
  double rate = 0;             // at which the last message went, in bytes per second
  std::deque<BatchPtr> ready;  // read, to be written
  std::size_t ready_bytes = 0;
  std::size_t leaving = 0;  // of the blocks being written
  Bytes copy;               // of the message, to be written next; its blocks may be put back
  std::size_t copied = 0;   // of the copy, what has been written
  const Batch* writing = nullptr;
  bool gone = false;
  Event wanted;
  Event drained;
  Event sendable;

  bool gives() const { return sharing && (sent < kTrustedBlocks || kSentForGiven * given >= sent); }
  bool is_idle() const { return ready.empty() && writing == nullptr; }
  std::size_t bytes_leaving(const BlockFilter& counted) const;
};

Server::Server(System& system, net::Swarm& swarm, BlockReader& store)
    : system_(system),
      swarm_(swarm),
      store_(store),
      budget_(system, {.bytes = kBudgetBytes, .bytes_per_peer = kReadAheadBytes}),
      copies_(std::hash<PeerId>{}(swarm.local_peer())),
      turns_(system),
      tasks_(system.waits, "bitswap server") {}

void Server::receive(const PeerId& from, const Message& message) {
  if (message.wants.empty() && !message.full) return;
  // What arrives after the last connection ended would be kept for ever.
  if (tasks_.stopping() || swarm_.best(from) == nullptr) return;
  const auto found = peers_.find(from);
  const PeerPtr peer = found != peers_.end() ? found->second : start(from);
  if (peer->sharing) credit_givers(*peer, message);
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
  peer->number = next_number_++;
  peers_.emplace(id, peer);
  if (sharing_.contains(id)) make_sharing(*peer);
  tasks_.spawn(read_ahead(peer));
  tasks_.spawn(send_all(peer));
  tasks_.spawn(say_beside(peer));
  return peer;
}

void Server::note_sharing(const PeerId& id) {
  if (swarm_.best(id) == nullptr || !sharing_.insert(id).second) return;
  if (const auto peer = peers_.find(id); peer != peers_.end()) make_sharing(*peer->second);
}

bool Server::is_giving() const {
  return std::ranges::any_of(peers_, [](const auto& one) {
    const Peer& peer = *one.second;
    return peer.sharing && (peer.ledger.has_blocks() || !peer.is_idle());
  });
}

void Server::make_sharing(Peer& peer) {
  peer.sharing = true;
  peer.ledger.send_rarest_first([this](const Multihash& hash) { return copies_.of(hash); });
}

/// In a swarm a block is chosen when it can be sent: until then its receiver may have got it
/// elsewhere, or others may lack it more.
std::size_t Server::read_ahead_bytes(const Peer& peer) const {
  return is_established(peer.id) && !is_swarm() ? kReadAheadBytes : 1;
}

void Server::end(const PeerPtr& peer) {
  if (std::exchange(peer->gone, true)) return;
  peers_.erase(peer->id);
  peer->out.drop();
  peer->beside.drop();
  for (const BatchPtr& batch : peer->ready) forget_copies(*batch);
  if (peer->writing != nullptr) forget_copies(*peer->writing);
  peer->ready.clear();
  peer->wanted.notify_all();
  peer->drained.notify_all();
  peer->sendable.notify_all();
}

void Server::disconnected(const PeerId& from, net::ConnectionId connection, bool was_last) {
  if (was_last) established_.erase(from);
  if (was_last) sharing_.erase(from);
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  const PeerPtr peer = found->second;
  peer->out.disconnected(connection);
  peer->beside.disconnected(connection);
  if (was_last) end(peer);
}

std::size_t Server::Peer::bytes_leaving(const BlockFilter& counted) const {
  if (!counted || writing == nullptr) return leaving;
  std::size_t sum = 0;
  std::size_t rest = leaving;
  for (std::size_t i = 0; rest > 0 && i < writing->cids.size(); ++i) {
    const std::size_t taken = std::min<std::size_t>(rest, writing->sizes[i]);
    if (counted(writing->cids[i].hash())) sum += taken;
    rest -= taken;
  }
  return sum;
}

std::size_t Server::bytes_leaving(const BlockFilter& counted) const {
  std::size_t out = 0;
  for (const auto& [id, peer] : peers_) out += peer->bytes_leaving(counted);
  return out;
}

Task<void> Server::stop() {
  const auto all = peers_;
  for (const auto& [id, peer] : all) end(peer);
  co_await tasks_.stop();
  co_await turns_.stop();
}

bool Server::is_established(const PeerId& peer) const {
  return established_.contains(peer) || swarm_.expects(peer);
}

Task<void> Server::read_ahead(PeerPtr peer) {
  while (!peer->gone) {
    if (!peer->ledger.has_blocks()) {
      co_await peer->wanted.wait();
    } else if (peer->ready_bytes >= read_ahead_bytes(*peer)) {
      co_await peer->drained.wait();
    } else {
      std::unique_ptr<SendTurns::Turn> turn = co_await take_turn(*peer);
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
  co_await reserve(peer.id, *batch,
                   std::max<std::size_t>(peer.ledger.next_bytes().value_or(0),
                                         std::min(peer.ledger.queued_bytes(), kMessageBlockBytes)));
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
        peer.ledger.missing(cids[i].hash());
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
      peer.ledger.missing(before.cids[i].hash());
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
    const std::optional<std::uint64_t> size = peer.ledger.next_bytes();
    if (!size) break;
    if (bytes > 0 && bytes + *size > kMessageBlockBytes) break;
    if (bytes >= kIdleMessageBytes && peer.is_idle()) break;
    bytes += static_cast<std::size_t>(*size);
    out.push_back(*peer.ledger.next_block());
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

Task<void> Server::say_beside(PeerPtr peer) {
  while (!peer->gone) {
    if (peer->writing == nullptr || !peer->ledger.has_presences()) {
      co_await peer->sendable.wait();
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
  message.presences = peer.ledger.take_presences(kMaxPresences);
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
    if (peer.ledger.is_wanted(batch->cids[i].hash())) continue;
    if (batch->counted) copies_.take_back(batch->cids[i].hash());
    peer.ledger.sent(batch->cids[i].hash());
    batch->remove(i);
  }
  if (batch->reservation) batch->reservation->shrink(batch->block_bytes());
  peer.ready_bytes += batch->block_bytes();
  peer.drained.notify_all();
  return batch;
}

void Server::credit_givers(const Peer& peer, const Message& message) {
  for (const WantEntry& entry : message.wants) {
    if (!entry.cancel || !peer.ledger.is_queued(entry.cid.hash())) continue;
    const std::optional<std::uint32_t> giver = copies_.only_holder(entry.cid.hash());
    if (!giver || *giver == peer.number) continue;
    const auto found =
        std::ranges::find_if(peers_, [&](const auto& one) { return one.second->number == *giver; });
    if (found != peers_.end()) ++found->second->given;
  }
}

void Server::note_given(const PeerId& id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) ++peer->second->given;
}

/// While nobody shares what it gets, all are sent to side by side.
Task<std::unique_ptr<SendTurns::Turn>> Server::take_turn(Peer& peer) {
  if (!is_swarm() || peer.slow || peer.ledger.queued_bytes() < kTurnBytes) co_return nullptr;
  const SendTurns::Claim claim{.gives = peer.gives(),
                               .copies = [&peer] { return peer.ledger.next_copies(); },
                               .bytes = std::min(peer.ledger.queued_bytes(), kMessageBlockBytes)};
  std::unique_ptr<SendTurns::Turn> turn = co_await turns_.take(claim);
  co_return turn;
}

Task<void> Server::send_next(Peer& peer) {
  if (system_.faults.strikes("bitswap.answer_late")) co_await system_.clock.sleep_for(kLate);
  co_await peer.out.ready();
  BatchPtr batch = take_ready(peer);
  // Behind those that did not get through with an earlier stream.
  std::vector<Presence>& presences = batch->message.presences;
  const auto more = peer.ledger.take_presences(kMaxPresences - presences.size());
  presences.insert(presences.end(), more.begin(), more.end());
  // An older version would not know them.
  if (peer.out.version() != Version::v1_2) presences.clear();
  if (batch->is_empty()) co_return;

  const bool lost = system_.faults.strikes("bitswap.lose_answer");
  peer.writing = batch.get();
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
  for (const Cid& cid : batch->cids) peer.ledger.sent(cid.hash());
  peer.sent += batch->cids.size();
  if (batch->turn && !batch->cids.empty()) batch->turn->note_sent();
  if (bytes >= kTurnBytes) {
    peer.slow = batch->turn ? batch->turn->gave_up() : peer.slow && peer.rate < turns_.slow_rate();
  }
  for (std::size_t i = 0; i < batch->cids.size(); ++i) {
    sent_.notify({peer.id, batch->cids[i], batch->sizes[i]});
  }
}

Task<void> Server::write(Peer& peer, Batch& batch) {
  const Version version = peer.out.version();
  std::size_t size = 0;
  do {
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
    part = {rest.first(std::min(rest.size(), ChunkSizer::kSlowBytes))};
  }
  std::size_t bytes = 0;
  for (const ByteView piece : part) bytes += piece.size();
  co_await peer.out.write_part(part);
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
