#include "content/bitswap/session.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/bitswap/client.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

namespace {

// Of a neighbour, while it is not connected.
constexpr const char* kAway = "has left";

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

void SessionState::add_peer(const PeerId& id) {
  if (PeerState* known = find(id)) {
    if (known->lied || known->reason.empty()) return;
    known->reason.clear();
    known->useless = false;
    table_.set_hope(known->index, true);
    known->changed.notify_all();
    return;
  }
  client_.tasks().spawn(keep_connected(shared_from_this(), make_peer(id)));
}

SessionState::PeerState& SessionState::make_peer(const PeerId& id) {
  peers_.push_back(std::make_unique<PeerState>(id, table_.add_peer(), client_.system().waits));
  by_id_.emplace(id, peers_.back().get());
  return *peers_.back();
}

void SessionState::add_neighbour(const PeerId& id) {
  if (ended_) return;
  PeerState* peer = find(id);
  const bool is_new = peer == nullptr;
  if (is_new) {
    peer = &make_peer(id);
    peer->is_neighbour = true;
    peer->reason = kAway;
    table_.set_hope(peer->index, false);
  }
  if (table_.role(peer->index) == PeerRole::unknown) set_role(id, PeerRole::part);
  if (is_new) {
    client_.tasks().spawn(keep_connected(shared_from_this(), *peer));
  } else {
    peer->changed.notify_all();
  }
}

void SessionState::set_role(const PeerId& id, PeerRole role) {
  PeerState* peer = find(id);
  if (peer == nullptr) return;
  table_.set_role(peer->index, role);
  wake();
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

void SessionState::connected(const PeerId& id) {
  PeerState* peer = find(id);
  if (peer == nullptr) return;
  peer->useless = false;
  peer->changed.notify_all();
}

void SessionState::disconnected(const PeerId& id) {
  PeerState* peer = find(id);
  if (peer == nullptr) return;
  table_.peer_down(peer->index);
  peer->changed.notify_all();
  wake();
}

bool SessionState::lied(const PeerId& id) {
  PeerState* peer = find(id);
  if (peer == nullptr || peer->lied) return false;
  peer->lied = true;
  table_.peer_lied(peer->index);
  peer->changed.notify_all();
  wake();
  return true;
}

void SessionState::exposed(const PeerId& id, const std::string& reason) {
  PeerState* peer = find(id);
  if (peer == nullptr || !peer->lied) return;
  peer->reason = reason;
  wake();
}

void SessionState::useless(const PeerId& id, const std::string& reason) {
  PeerState* peer = find(id);
  if (peer == nullptr || peer->lied) return;
  withdraw(id);
  peer->useless = true;
  table_.peer_down(peer->index);
  peer->changed.notify_all();
  give_up_peer(*peer, reason);
}

void SessionState::withdraw(const PeerId& id) {
  for (const Multihash& hash : table_.all()) {
    const auto told = told_.find(hash);
    if (told == told_.end()) continue;
    client_.set_want(id, id_, told->second, Ask::nothing, 0, false);
  }
}

void SessionState::give_up_peer(PeerState& peer, std::string reason) {
  peer.reason = std::move(reason);
  table_.set_hope(peer.index, false);
  wake();
}

void SessionState::wake() {
  dirty_ = true;
  changed_.notify_all();
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
                     action.again);
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

std::string SessionState::reasons() const {
  std::string out;
  for (const auto& peer : peers_) {
    if (!out.empty()) out += "; ";
    out += peer->id.to_string() + ": " + peer->reason;
  }
  return out;
}

std::vector<Trouble> SessionState::troubles() const {
  std::vector<Trouble> out;
  for (const auto& peer : peers_) {
    const std::string& trouble = peer->reason.empty() ? peer->failure : peer->reason;
    if (trouble.empty() || peer->is_neighbour || table_.up(peer->index)) continue;
    out.push_back({peer->id, trouble});
  }
  return out;
}

Task<void> SessionState::keep_connected(std::shared_ptr<SessionState> self, PeerState& peer) {
  while (!self->ended_ && !peer.lied) {
    const bool connected = self->client_.swarm().best(peer.id) != nullptr;
    if (connected && self->waits_for_direct_path(peer) > Duration{}) {
      co_await self->wait_for_direct_path(peer);
    } else if (connected && !peer.useless) {
      co_await self->use(peer);
    } else if (self->whom_ == Asks::anybody || peer.is_neighbour) {
      co_await peer.changed.wait();
    } else if (connected || !peer.reason.empty()) {
      co_await self->wait_for_change(peer);
    } else {
      co_await self->reach(peer);
    }
  }
}

/// A relay with limits ends a connection after a fraction of a block: for so long there is hope for
/// a direct one.
Duration SessionState::waits_for_direct_path(const PeerState& peer) const {
  const net::Connection* best = client_.swarm().best(peer.id);
  if (best == nullptr || !best->limited()) return {};
  return kDirectPatience - (client_.system().clock.now() - best->opened_at());
}

Task<void> SessionState::wait_for_direct_path(PeerState& peer) {
  const Duration patience = waits_for_direct_path(peer);
  try {
    co_await within(client_.system().clock, patience, peer.changed.wait(),
                    "for a direct path to " + peer.id.to_string());
  } catch (const Error&) {
    peer.failure = "only a relay that lets little through leads there";
  }
}

/// Until it comes by itself, is added again, or can be connected after all.
Task<void> SessionState::wait_for_change(PeerState& peer) {
  Clock& clock = client_.system().clock;
  bool changed = true;
  try {
    co_await within(clock, kTryGivenUp, peer.changed.wait(), "for " + peer.id.to_string());
  } catch (const Error&) {
    changed = false;
  }
  peer.tries = 0;
  if (!changed && !ended_ && client_.swarm().best(peer.id) == nullptr) co_await dial(peer);
}

Task<void> SessionState::use(PeerState& peer) {
  Clock& clock = client_.system().clock;
  const TimePoint since = clock.now();
  peer.reason.clear();
  peer.was_connected = true;
  table_.set_hope(peer.index, true);
  table_.peer_up(peer.index, since);
  wake();
  while (!ended_ && table_.up(peer.index)) co_await peer.changed.wait();
  if (clock.now() - since >= kGoodConnection) peer.tries = 0;
  peer.failure = "the connection ended";
  if (peer.is_neighbour && peer.reason.empty()) give_up_peer(peer, kAway);
}

Task<void> SessionState::reach(PeerState& peer) {
  Clock& clock = client_.system().clock;
  if (peer.tries == 0) peer.trying_since = clock.now();
  // Where nobody ever was, nobody is a second later; one who was there may be starting again.
  const bool nobody = peer.tries > 0 && peer.refused;
  const bool enough = peer.tries >= kMaxTries || clock.now() - peer.trying_since >= kMaxTrying;
  if (!peer.was_connected && (nobody || enough)) {
    give_up_peer(peer, peer.failure);
    co_return;
  }
  const Duration pause = 1s * (1 << std::clamp(peer.tries - 1, 0, 10));
  if (peer.tries > 0) co_await clock.sleep_for(std::min<Duration>(pause, kMaxPause));
  ++peer.tries;
  if (ended_ || client_.swarm().best(peer.id) != nullptr) co_return;
  co_await dial(peer);
}

Task<void> SessionState::dial(PeerState& peer) {
  peer.refused = false;
  try {
    co_await client_.swarm().connect(peer.id);
    peer.failure = "the connection ended";
  } catch (const net::NobodyThere& error) {
    peer.refused = true;
    peer.failure = error.message();
  } catch (const Error& error) {
    peer.failure = error.message();
  }
}

SessionState::PeerState* SessionState::find(const PeerId& peer) {
  const auto found = by_id_.find(peer);
  return found == by_id_.end() ? nullptr : found->second;
}

}  // namespace shoal::content::bitswap
