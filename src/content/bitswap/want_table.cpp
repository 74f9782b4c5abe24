#include "content/bitswap/want_table.h"

#include <algorithm>
#include <utility>

namespace shoal::content::bitswap {

namespace {

// How many blocks tell what a block takes.
constexpr std::size_t kLatencies = 64;

}  // namespace

WantTable::Peer WantTable::add_peer() {
  peers_.emplace_back();
  return static_cast<Peer>(peers_.size() - 1);
}

void WantTable::peer_up(Peer index, TimePoint now) {
  PeerState& peer = peers_[index];
  if (peer.lied) return;
  peer.up = true;
  peer.stalled = false;
  peer.stalls = 0;
  peer.lacks = 0;
  peer.window = PeerWindow();
  if (peer.role == PeerRole::part) peer.window.restart_from(PeerWindow::kMinTogether);
  peer.unsurveyed = peer.role == PeerRole::part;
  peer.last_delivery = now;
  count_roles();
  for (auto& [order, want] : Ordered(exhausted_)) make_open(*want);
}

void WantTable::set_role(Peer index, PeerRole role) {
  PeerState& peer = peers_[index];
  if (peer.role == role) return;
  peer.role = role;
  peer.offers.clear();
  peer.unsurveyed = peer.up && role == PeerRole::part;
  if (peer.unsurveyed) peer.window.restart_from(PeerWindow::kMinTogether);
  if (role == PeerRole::whole) peer.lacks = 0;
  count_roles();
  for (auto& [order, want] : Ordered(exhausted_)) make_open(*want);
}

void WantTable::count_roles() {
  const auto up = [this](PeerRole role) {
    return static_cast<std::size_t>(std::ranges::count_if(
        peers_, [role](const PeerState& peer) { return peer.up && peer.role == role; }));
  };
  parts_up_ = up(PeerRole::part);
  wholes_up_ = up(PeerRole::whole);
}

/// A peer with the whole is not hurried by what it is asked for: what others give leaves its queue.
std::size_t WantTable::capacity(const PeerState& peer) const {
  if (peer.role != PeerRole::whole || parts_up_ == 0) return peer.window.blocks();
  return std::max(peer.window.blocks(), tuning_.choice / std::max<std::size_t>(1, wholes_up_));
}

void WantTable::peer_down(Peer peer) {
  release(peer, false);
}

void WantTable::peer_lied(Peer peer) {
  release(peer, true);
  peers_[peer].lied = true;
}

void WantTable::release(Peer index, bool lied) {
  PeerState& peer = peers_[index];
  peer.up = false;
  peer.offers.clear();
  count_roles();
  const Ordered owed = std::exchange(peer.outstanding, {});
  for (auto& [hash, want] : wants_) {
    std::erase_if(want.questions, [index](const Question& asked) { return asked.peer == index; });
  }
  for (const auto& [order, want] : owed) {
    want->lied |= lied;
    if (!asked_for_block(*want)) make_open(*want);
  }
}

std::size_t WantTable::live_peers() const {
  return static_cast<std::size_t>(std::ranges::count_if(peers_, &PeerState::up));
}

void WantTable::want(const Multihash& hash, Kind kind) {
  const auto [entry, added] =
      wants_.try_emplace(hash, Want{hash, next_order_, kind, {}, false, {}});
  if (!added) return;
  ++next_order_;
  open_.emplace(entry->second.order, &entry->second);
  if (parts_up_ > 0) unsurveyed_.push_back(hash);
}

void WantTable::unwant(const Multihash& hash) {
  const auto entry = wants_.find(hash);
  if (entry != wants_.end()) erase(entry->second);
}

std::vector<Multihash> WantTable::all() const {
  std::map<std::uint64_t, const Want*> ordered;
  for (const auto& [hash, want] : wants_) ordered.emplace(want.order, &want);
  std::vector<Multihash> out;
  out.reserve(ordered.size());
  for (const auto& [order, want] : ordered) out.push_back(want->hash);
  return out;
}

void WantTable::block(std::optional<Peer> from, const Multihash& hash, std::size_t bytes,
                      TimePoint now) {
  const auto entry = wants_.find(hash);
  if (entry == wants_.end()) return;
  Want& want = entry->second;
  if (from) delivered(*from, want, bytes, now);
  for (const Question& asked : want.questions) {
    PeerState& late = peers_[asked.peer];
    const bool is_last = late.outstanding.size() == 1 && late.outstanding.contains(want.order);
    if (is_last && asked.peer != from) late.silent = now - late.quiet_since();
  }
  erase(want);
}

void WantTable::delivered(Peer index, Want& want, std::size_t bytes, TimePoint now) {
  PeerState& peer = peers_[index];
  const Question* asked = find(want, index);
  if (peer.outstanding.contains(want.order)) {
    peer.window.delivered(now - asked->asked_at, bytes, peer.limited);
    const Duration gap = now - peer.quiet_since();
    peer.usual = peer.usual ? *peer.usual + (gap - *peer.usual) / 8 : gap;
    const Duration latency = now - asked->asked_at;
    peer.latency = peer.latency ? *peer.latency + (latency - *peer.latency) / 8 : latency;
    latencies_.emplace_back(index, latency);
    if (latencies_.size() > kLatencies) latencies_.pop_front();
  }
  alive(index, now);
}

void WantTable::moving(Peer peer, TimePoint now) {
  peers_[peer].last_delivery = now;
  peers_[peer].silent = Duration::zero();
}

void WantTable::alive(Peer index, TimePoint now) {
  PeerState& peer = peers_[index];
  peer.last_delivery = now;
  peer.silent = Duration::zero();
  peer.stalled = false;
  peer.stalls = 0;
  peer.lacks = 0;
  last_sign_ = now;
}

void WantTable::have(Peer peer, const Multihash& hash, TimePoint now) {
  last_sign_ = now;
  const auto entry = wants_.find(hash);
  if (entry == wants_.end() || !peers_[peer].up) return;
  Question& asked = question(entry->second, peer);
  // The WANT_BLOCK that was left there counts from now on.
  if (asked.lacks && asked.ask == Ask::block) asked.ask = Ask::have;
  asked.lacks = false;
  asked.has = true;
  asked.answers = 0;
  peers_[peer].lacks = 0;
  if (peers_[peer].role == PeerRole::part && asked.ask != Ask::block) {
    peers_[peer].offers.emplace(entry->second.order, &entry->second);
    // It may offer something else instead.
    if (!is_left_to_wholes(entry->second)) tell(entry->second, asked, Ask::nothing);
  }
  if (exhausted_.contains(entry->second.order)) make_open(entry->second);
}

void WantTable::dont_have(Peer index, const Multihash& hash, TimePoint now) {
  const auto entry = wants_.find(hash);
  if (entry == wants_.end() || !peers_[index].up) return;
  Want& want = entry->second;
  Question* asked = find(want, index);
  if (asked == nullptr || asked->ask == Ask::nothing) return;
  asked->lacks = true;
  asked->has = false;
  ++asked->answers;
  asked->backoff = asked->backoff == Duration::zero()
                       ? tuning_.ask_again
                       : std::min(asked->backoff * 2, tuning_.ask_again_at_most);
  asked->again_at = now + asked->backoff;
  PeerState& peer = peers_[index];
  peer.offers.erase(want.order);
  peer.stalled = false;
  peer.silent = Duration::zero();
  peer.last_delivery = now;
  if (peer.outstanding.erase(want.order) == 0) return;
  ++peer.lacks;
  if (asked_for_block(want)) {
    tell(want, *asked, Ask::nothing);
  } else {
    make_open(want);  // and it is decided there what becomes of the WANT_BLOCK
  }
}

WantTable::Question* WantTable::find(Want& want, Peer peer) {
  const auto found = std::ranges::find(want.questions, peer, &Question::peer);
  return found == want.questions.end() ? nullptr : &*found;
}

const WantTable::Question* WantTable::find(const Want& want, Peer peer) {
  return find(const_cast<Want&>(want), peer);
}

WantTable::Question& WantTable::question(Want& want, Peer peer) {
  if (Question* known = find(want, peer)) return *known;
  return want.questions.emplace_back(Question{.peer = peer});
}

bool WantTable::asked_for_block(const Want& want) const {
  return std::ranges::any_of(want.questions, [this](const Question& asked) {
    return asked.ask == Ask::block && !asked.lacks && !peers_[asked.peer].stalled;
  });
}

void WantTable::tell(Want& want, Question& asked, Ask ask, bool again) {
  asked.ask = ask;
  actions_.push_back({asked.peer, want.hash, ask, again, false, want.order});
}

void WantTable::erase(Want& want) {
  for (Question& asked : want.questions) {
    if (asked.ask == Ask::nothing) continue;
    const bool owed = peers_[asked.peer].outstanding.erase(want.order) > 0;
    tell(want, asked, Ask::nothing);
    // It costs the peer a word that it has the block, once it does.
    actions_.back().can_wait = together() && !owed;
  }
  open_.erase(want.order);
  exhausted_.erase(want.order);
  forget_offers(want);
  const Multihash hash = want.hash;
  wants_.erase(hash);
}

void WantTable::make_open(Want& want) {
  exhausted_.erase(want.order);
  open_.emplace(want.order, &want);
}

void WantTable::make_dry(Want& want, TimePoint now) {
  open_.erase(want.order);
  exhausted_.emplace(want.order, &want);
  if (!want.exhausted_since) want.exhausted_since = now;
  ask_again(want, now);
}

void WantTable::cancel_where_it_lacks(Want& want) {
  for (Question& asked : want.questions) {
    if (asked.ask == Ask::block && asked.lacks) tell(want, asked, Ask::nothing);
  }
}

}  // namespace shoal::content::bitswap
