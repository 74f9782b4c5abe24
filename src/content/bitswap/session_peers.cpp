#include <algorithm>
#include <utility>

#include "base/error.h"
#include "content/bitswap/client.h"
#include "content/bitswap/session.h"

namespace shoal::content::bitswap {

namespace {

// Of a neighbour, while it is not connected.
constexpr const char* kAway = "has left";

}  // namespace

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

void SessionState::connected(const PeerId& id) {
  PeerState* peer = find(id);
  if (peer == nullptr) return;
  peer->useless = false;
  peer->changed.notify_all();
}

void SessionState::disconnected(const PeerId& id, bool in_order) {
  PeerState* peer = find(id);
  if (peer == nullptr) return;
  peer->said_farewell = in_order;
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
  const bool changed = co_await peer.changed.wait_for(client_.system().clock, patience);
  if (!changed) peer.failure = "only a relay that lets little through leads there";
}

/// Until it comes by itself, is added again, or can be connected after all.
Task<void> SessionState::wait_for_change(PeerState& peer) {
  const bool changed = co_await peer.changed.wait_for(client_.system().clock, kTryGivenUp);
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
  if (std::exchange(peer.said_farewell, false)) co_await wait_while_others_send(peer);
  if (peer.tries == 0) peer.trying_since = clock.now();
  // Where nobody ever was, nobody is a second later; one who was there may be starting again.
  const bool nobody = peer.tries > 0 && peer.refused;
  const bool enough = peer.tries >= kMaxTries || clock.now() - peer.trying_since >= kMaxTrying;
  if (!peer.was_connected && (nobody || enough)) {
    give_up_peer(peer, peer.failure);
    co_return;
  }
  if (peer.tries > 0) co_await clock.sleep_for(pause_before_try(peer.tries));
  ++peer.tries;
  if (ended_ || client_.swarm().best(peer.id) != nullptr) co_return;
  co_await dial(peer);
}

Duration SessionState::pause_before_try(int tries) const {
  return at_most(std::min<Duration>(1s * (1 << std::clamp(tries - 1, 0, 10)), kMaxPause));
}

/// A busy peer named others before it ended the connection. To come again while they send only
/// takes its upload from what all wait for.
Task<void> SessionState::wait_while_others_send(PeerState& peer) {
  Clock& clock = client_.system().clock;
  const TimePoint since = clock.now();
  const TimePoint end = since + at_most(kMaxPause);
  const Duration silence = at_most(kSilence);
  while (!ended_ && others_may_send() && client_.swarm().best(peer.id) == nullptr) {
    const TimePoint next = std::min(end, std::max(since, last_block_) + silence);
    if (next <= clock.now()) break;
    co_await peer.changed.wait_until(clock, next);
  }
}

/// At least half of it. Of a thousand that a busy peer turned away together, each comes again at
/// another time.
Duration SessionState::at_most(Duration longest) const {
  const auto half = static_cast<std::uint64_t>(longest.count() / 2);
  return longest - Duration(client_.system().random.below(half));
}

/// Whether one is there that gets or has the same, or has sent some of it.
bool SessionState::others_may_send() const {
  return std::ranges::any_of(peers_, [this](const auto& one) {
    const bool known = one->source || table_.role(one->index) != PeerRole::unknown;
    return known && table_.up(one->index);
  });
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
