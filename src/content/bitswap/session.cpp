#include "content/bitswap/session.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/bitswap/client.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

namespace {

std::uint64_t salt_of(const PeerId& peer) {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : peer.encoded()) out = out * 31 + byte;
  return out;
}

Tuning tuning_for(Tuning tuning, Asks whom) {
  tuning.peers_may_come = whom == Asks::anybody;
  return tuning;
}

}  // namespace

SessionState::SessionState(Client& client, std::uint64_t id, Tuning tuning, Asks whom)
    : client_(client),
      id_(id),
      whom_(whom),
      table_(tuning_for(tuning, whom), salt_of(client.swarm().local_peer())),
      changed_(client.system().waits),
      wanted_(client.system().waits) {}

void SessionState::start() {
  client_.tasks().spawn(pump(shared_from_this()));
  client_.tasks().spawn(watch(shared_from_this()));
}

void SessionState::end() {
  if (std::exchange(ended_, true)) return;
  for (const Multihash& hash : table_.all()) {
    table_.unwant(hash);
    const Error ended(ErrorCode::closed, "the session has ended");
    finish(hash, {}, std::make_exception_ptr(ended));
  }
  tell_peers();
  changed_.notify_all();
  wanted_.notify_all();
  for (const auto& peer : peers_) peer->changed.notify_all();
}

Task<Block> SessionState::fetch(std::shared_ptr<SessionState> self, Cid cid, WantTable::Kind kind) {
  const Multihash& hash = cid.hash();
  if (hash.is(HashCode::identity)) {
    co_return Block{cid, SharedBytes(to_bytes(hash.digest()))};
  }
  if (!hash.is_computable()) {
    throw cannot_verify(hash, cid.to_string());
  }
  if (self->ended_) throw Error(ErrorCode::closed, "the session has ended");
  struct Joined {
    SessionState& session;
    Waiter waiter;
    const Multihash hash;
    Joined(SessionState& joined, const Cid& wanted, WantTable::Kind what)
        : session(joined), waiter(joined.client_.system().waits), hash(wanted.hash()) {
      session.join(waiter, wanted, what);
    }
    ~Joined() { session.leave(waiter, hash); }
  };
  Joined joined(*self, cid, kind);
  while (!joined.waiter.finished) co_await joined.waiter.done.wait();
  if (joined.waiter.failure) std::rethrow_exception(joined.waiter.failure);
  co_return Block{cid, std::move(joined.waiter.bytes)};
}

void SessionState::join(Waiter& waiter, const Cid& cid, WantTable::Kind kind) {
  const auto [fetch, added] = fetches_.try_emplace(cid.hash(), Fetch{cid, {}});
  fetch->second.waiters.push_back(&waiter);
  if (!added) return;
  table_.want(cid.hash(), kind);
  told_.insert_or_assign(cid.hash(), cid);
  wanted_.notify_all();
  wake();
}

void SessionState::leave(Waiter& waiter, const Multihash& hash) {
  if (waiter.finished) return;
  const auto fetch = fetches_.find(hash);
  if (fetch == fetches_.end()) return;
  std::erase(fetch->second.waiters, &waiter);
  if (!fetch->second.waiters.empty()) return;
  fetches_.erase(fetch);
  table_.unwant(hash);
  wake();
}

void SessionState::finish(const Multihash& hash, const SharedBytes& bytes,
                          const std::exception_ptr& failure) {
  const auto fetch = fetches_.find(hash);
  if (fetch == fetches_.end()) return;
  for (Waiter* waiter : fetch->second.waiters) {
    waiter->finished = true;
    waiter->bytes = bytes;
    waiter->failure = failure;
    waiter->done.notify_all();
  }
  fetches_.erase(fetch);
}

void SessionState::deliver(const PeerId& from, const Multihash& hash, const SharedBytes& bytes) {
  PeerState* peer = find(from);
  std::optional<WantTable::Peer> index;
  if (peer != nullptr) index = peer->index;
  table_.block(index, hash, bytes.size(), client_.system().clock.now());
  last_block_ = client_.system().clock.now();
  ++counts_.blocks_fetched;
  counts_.bytes_hashed += bytes.size();
  count(peer, bytes.size());
  finish(hash, bounds_memory_ ? client_.count_in_hand(bytes) : bytes, nullptr);
  wake();
}

void SessionState::count(PeerState* from, std::size_t bytes) {
  if (from == nullptr) return;
  if (!from->source) {
    from->source = counts_.sources.size();
    counts_.sources.push_back({from->id});
  }
  SourceCount& source = counts_.sources[*from->source];
  ++source.blocks;
  source.bytes += bytes;
}

void SessionState::duplicate(const PeerId& from, std::size_t bytes) {
  PeerState* peer = find(from);
  if (peer == nullptr) return;
  ++counts_.blocks_duplicate;
  counts_.bytes_hashed += bytes;
  table_.alive(peer->index, client_.system().clock.now());
}

void SessionState::presence(const PeerId& from, const Presence& presence) {
  PeerState* peer = find(from);
  if (peer == nullptr) return;
  const Multihash& hash = presence.cid.hash();
  if (presence.have) {
    table_.have(peer->index, hash, client_.system().clock.now());
  } else {
    table_.dont_have(peer->index, hash, client_.system().clock.now());
  }
  wake();
}

Task<void> SessionState::pump(std::shared_ptr<SessionState> self) {
  while (!self->ended_) {
    if (!std::exchange(self->dirty_, false)) {
      co_await self->changed_.wait();
      continue;
    }
    self->fail_if_nobody_is_left();
    self->tell_peers();
  }
}

Task<void> SessionState::watch(std::shared_ptr<SessionState> self) {
  Clock& clock = self->client_.system().clock;
  while (!self->ended_) {
    if (self->table_.size() == 0) {
      co_await self->wanted_.wait();
      continue;
    }
    co_await clock.sleep_for(kTick);
    if (!self->ended_) self->tick();
  }
}

std::size_t SessionState::bytes_arriving() const {
  std::size_t out = 0;
  for (const auto& peer : peers_) out += client_.arriving(peer->id);
  return out;
}

/// On a slow line a block takes longer than anybody would wait for one in silence.
void SessionState::note_arriving() {
  for (const auto& peer : peers_) {
    const std::size_t before = std::exchange(peer->arriving, client_.arriving(peer->id));
    if (peer->arriving > before) table_.moving(peer->index, client_.system().clock.now());
  }
}

void SessionState::tick() {
  note_arriving();
  for (const auto& [hash, why] : table_.tick(client_.system().clock.now())) {
    const std::string name = fetches_.at(hash).cid.to_string();
    const Error failure =
        why == WantTable::GaveUp::corrupt
            ? Error(ErrorCode::corrupt, "every peer that had this block sent corrupt data", name)
            : Error(ErrorCode::not_found, "no peer has this block", name,
                    "if its files changed or moved since they were shared, "
                    "ask for a new link");
    finish(hash, {}, std::make_exception_ptr(failure));
  }
  tell_peers();
}

void SessionState::tell_peers() {
  for (const WantTable::Action& action : table_.plan(client_.system().clock.now())) {
    const auto told = told_.find(action.hash);
    if (told == told_.end()) continue;
    client_.set_want(peers_[action.peer]->id, id_, told->second, action.ask, action.order,
                     action.again, action.can_wait);
  }
  // Names are needed only while there are wants.
  if (told_.size() < 64 || told_.size() < 2 * fetches_.size()) return;
  std::erase_if(told_, [this](const auto& entry) { return !fetches_.contains(entry.first); });
}

void SessionState::expect_peers(bool more) {
  more_expected_ = more;
  table_.expect_peers(more || whom_ == Asks::anybody);
  wake();
}

void SessionState::fail_if_nobody_is_left() {
  if (whom_ == Asks::anybody || more_expected_ || peers_.empty() || table_.size() == 0) return;
  const bool lost =
      std::ranges::all_of(peers_, [](const auto& peer) { return !peer->reason.empty(); });
  if (!lost) return;
  const bool lied = std::ranges::any_of(peers_, [](const auto& peer) { return peer->lied; });
  for (const Multihash& hash : table_.all()) {
    const Error failure =
        lied ? Error(ErrorCode::corrupt, "every peer sent corrupt data",
                     fetches_.at(hash).cid.to_string())
             : Error(ErrorCode::unreachable, "could not connect to any peer: " + reasons());
    table_.unwant(hash);
    finish(hash, {}, std::make_exception_ptr(failure));
  }
}

}  // namespace shoal::content::bitswap
