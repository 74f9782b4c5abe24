#include "content/bitswap/want_table.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace shoal::content::bitswap {

namespace {

// Fixed work in one go; what is behind is looked at when those in front have found their peer.
constexpr std::size_t kLooksPerPlan = 4096;
// How many blocks tell what a block takes.
constexpr std::size_t kLatencies = 64;
constexpr std::size_t kEnoughLatencies = 8;

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
  for (auto& [order, want] : Ordered(dry_)) make_open(*want);
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
  for (auto& [order, want] : Ordered(dry_)) make_open(*want);
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
  }
  if (dry_.contains(entry->second.order)) make_open(entry->second);
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
  actions_.push_back({asked.peer, want.hash, ask, again, want.order});
}

void WantTable::erase(Want& want) {
  for (Question& asked : want.questions) {
    if (asked.ask == Ask::nothing) continue;
    peers_[asked.peer].outstanding.erase(want.order);
    tell(want, asked, Ask::nothing);
  }
  open_.erase(want.order);
  dry_.erase(want.order);
  forget_offers(want);
  const Multihash hash = want.hash;
  wants_.erase(hash);
}

void WantTable::make_open(Want& want) {
  dry_.erase(want.order);
  open_.emplace(want.order, &want);
}

void WantTable::make_dry(Want& want, TimePoint now) {
  open_.erase(want.order);
  dry_.emplace(want.order, &want);
  if (!want.dry_since) want.dry_since = now;
  ask_again(want, now);
}

void WantTable::cancel_where_it_lacks(Want& want) {
  for (Question& asked : want.questions) {
    if (asked.ask == Ask::block && asked.lacks) tell(want, asked, Ask::nothing);
  }
}

/// Also when there is nobody who would need any.
bool WantTable::has_room() const {
  const auto may_send = [this](const PeerState& peer) { return peer.up && !is_poor(peer); };
  return std::ranges::any_of(peers_,
                             [&](const auto& peer) { return may_send(peer) && !is_full(peer); }) ||
         std::ranges::none_of(peers_, may_send);
}

std::vector<WantTable::Action> WantTable::plan(TimePoint now) {
  survey();
  take_offers(now);
  std::size_t looks = 0;
  for (auto next = open_.begin(); next != open_.end() && looks < kLooksPerPlan; ++looks) {
    if (!has_room()) break;
    Want& want = *(next++)->second;
    bool any = false;
    if (const std::optional<Peer> peer = choose(want, any)) {
      ask_for_block(want, *peer, now);
      ask_the_poor(want);
    } else if (any || live_peers() == 0) {
      continue;
    } else if (asked_for_block(want)) {
      open_.erase(want.order);  // nobody to hedge with
    } else {
      make_dry(want, now);
    }
  }
  for (PeerState& peer : peers_) peer.limited = is_full(peer);
  return std::exchange(actions_, {});
}

void WantTable::survey() {
  const std::vector<Multihash> fresh = std::exchange(unsurveyed_, {});
  for (Peer index = 0; index < peers_.size() && parts_up_ > 0; ++index) {
    PeerState& peer = peers_[index];
    if (!peer.up || peer.role != PeerRole::part) continue;
    if (std::exchange(peer.unsurveyed, false)) {
      for (const Multihash& hash : all()) survey(wants_.find(hash)->second, index);
      continue;
    }
    for (const Multihash& hash : fresh) {
      const auto want = wants_.find(hash);
      if (want != wants_.end()) survey(want->second, index);
    }
  }
}

void WantTable::survey(Want& want, Peer peer) {
  Question& asked = question(want, peer);
  if (asked.ask == Ask::nothing && !asked.lacks) tell(want, asked, Ask::have);
}

void WantTable::forget_offers(const Want& want) {
  for (const Question& asked : want.questions) peers_[asked.peer].offers.erase(want.order);
}

void WantTable::take_offers(TimePoint now) {
  if (parts_up_ == 0) return;
  for (bool any = true; any;) {
    any = false;
    for (Peer index = 0; index < peers_.size(); ++index) {
      PeerState& peer = peers_[index];
      if (!peer.up || peer.stalled || peer.offers.empty() || is_full(peer)) continue;
      Want* const want = best_offer(index);
      if (want == nullptr) continue;
      recall_from_wholes(*want);
      peer.offers.erase(want->order);
      dry_.erase(want->order);
      ask_for_block(*want, index, now);
      any = true;
    }
  }
}

/// The one that the fewest have.
WantTable::Want* WantTable::best_offer(Peer index) {
  const auto rank = [this](const Want& want) {
    const auto holders = std::ranges::count_if(want.questions, &Question::has);
    const std::uint64_t chance = (want.order ^ salt_) * 0x9e3779b97f4a7c15ULL;
    return std::pair(holders, chance ^ (chance >> 32));
  };
  Want* best = nullptr;
  for (const auto& [order, want] : peers_[index].offers) {
    if (is_left_to_wholes(*want) && (best == nullptr || rank(*want) < rank(*best))) best = want;
  }
  return best;
}

/// Nobody is asked for it but peers that have all of it, if any.
bool WantTable::is_left_to_wholes(const Want& want) const {
  return std::ranges::none_of(want.questions, [this](const Question& asked) {
    const PeerState& peer = peers_[asked.peer];
    return asked.ask == Ask::block && !asked.lacks && !peer.stalled && peer.role != PeerRole::whole;
  });
}

void WantTable::recall_from_wholes(Want& want) {
  for (Question& asked : want.questions) {
    PeerState& peer = peers_[asked.peer];
    if (asked.ask != Ask::block || peer.role != PeerRole::whole) continue;
    peer.outstanding.erase(want.order);
    tell(want, asked, Ask::nothing);
  }
}

std::optional<WantTable::Peer> WantTable::choose(const Want& want, bool& any) const {
  std::optional<Peer> best;
  for (Peer index = 0; index < peers_.size(); ++index) {
    const PeerState& peer = peers_[index];
    if (!peer.up) continue;
    const Question* asked = find(want, index);
    if (asked != nullptr && (asked->lacks || asked->ask == Ask::block)) continue;
    if (is_poor(peer) && (asked == nullptr || !asked->has)) continue;
    any = true;
    if (peer.stalled || is_full(peer)) continue;
    const auto load = [this](Peer of) {
      return static_cast<double>(peers_[of].outstanding.size()) /
             static_cast<double>(capacity(peers_[of]));
    };
    if (!best || load(index) < load(*best)) best = index;
  }
  return best;
}

void WantTable::ask_for_block(Want& want, Peer index, TimePoint now) {
  PeerState& peer = peers_[index];
  Question& asked = question(want, index);
  asked.asked_at = now;
  cancel_where_it_lacks(want);
  peer.offers.erase(want.order);
  if (peer.outstanding.empty()) {
    peer.busy_since = now - std::exchange(peer.silent, Duration::zero());
  }
  peer.outstanding.emplace(want.order, &want);
  open_.erase(want.order);
  want.dry_since.reset();
  tell(want, asked, Ask::block);
}

/// So that a peer that gets the block meanwhile is asked for what comes after it.
void WantTable::ask_the_poor(Want& want) {
  for (Peer index = 0; index < peers_.size(); ++index) {
    if (!peers_[index].up || !is_poor(peers_[index])) continue;
    Question& asked = question(want, index);
    if (asked.ask == Ask::nothing && !asked.lacks) tell(want, asked, Ask::have);
  }
}

std::vector<std::pair<Multihash, WantTable::GaveUp>> WantTable::tick(TimePoint now) {
  for (Peer peer = 0; peer < peers_.size(); ++peer) watch(peer, now);
  for (Peer helper = 0; helper < peers_.size(); ++helper) {
    for (Peer slow = 0; slow < peers_.size() && may_help(helper); ++slow) help(helper, slow, now);
  }
  std::vector<Want*> hopeless;
  for (auto& [order, want] : dry_) {
    ask_again(*want, now);
    if (is_hopeless(*want, now)) hopeless.push_back(want);
  }
  std::vector<std::pair<Multihash, GaveUp>> out;
  for (Want* want : hopeless) {
    out.emplace_back(want->hash, want->lied ? GaveUp::corrupt : GaveUp::not_found);
    erase(*want);
  }
  return out;
}

bool WantTable::is_stalled(const PeerState& peer, TimePoint now, Duration limit) const {
  if (!peer.up || peer.outstanding.empty()) return false;
  const Duration quiet = now - peer.quiet_since();
  const Duration usual = 5 * peer.usual.value_or(Duration::zero());
  return quiet >= std::max(limit, std::min(usual, tuning_.stall_at_most));
}

/// At the end of a download, and while nothing more can be asked for.
bool WantTable::may_help(Peer index) const {
  const PeerState& helper = peers_[index];
  // While others get the same, all is asked for most of the time: only the last blocks count then.
  const bool is_end = !together() || wants_.size() <= peers_.size();
  const bool is_idle = helper.outstanding.empty() && open_.empty() && is_end;
  const bool may_have = !is_poor(helper) || helper.role == PeerRole::part;
  return is_idle && helper.up && !helper.stalled && may_have;
}

/// One that answers just in time, over and over, would hold up the end of everything.
void WantTable::help(Peer helper, Peer slow, TimePoint now) {
  const Duration own = tuning_.late * peers_[slow].latency.value_or(tuning_.stall);
  const Duration most = parts_up_ > 0 ? tuning_.stall_together : tuning_.stall;
  const Duration patience =
      std::max(tuning_.late * peers_[helper].latency.value_or(tuning_.stall), std::min(own, most));
  // Half of it, from the end: the rest comes from there meanwhile, in order.
  const Ordered owed = peers_[slow].outstanding;
  std::size_t room = std::min(capacity(peers_[helper]), (owed.size() + 1) / 2);
  for (const auto& [order, want] : std::views::reverse(owed)) {
    const Question* known = find(*want, helper);
    const bool is_part = peers_[helper].role == PeerRole::part;
    const bool lacks = known != nullptr ? known->lacks || (is_part && !known->has) : is_part;
    const bool twice = std::ranges::count(want->questions, Ask::block, &Question::ask) > 1;
    if (lacks || twice || now - find(*want, slow)->asked_at < patience) continue;
    if (room-- == 0) return;
    ask_for_block(*want, helper, now);
  }
}

Duration WantTable::stall_limit(Peer index) const {
  std::vector<Duration> others;
  for (const auto& [peer, latency] : latencies_) {
    if (peer != index) others.push_back(latency);
  }
  if (others.size() < kEnoughLatencies) return together() ? tuning_.stall_together : tuning_.stall;
  const auto p95 = others.begin() + static_cast<std::ptrdiff_t>(others.size() * 95 / 100);
  std::ranges::nth_element(others, p95);
  if (together()) {
    return std::clamp<Duration>(2 * *p95, tuning_.stall_together, tuning_.stall_together_at_most);
  }
  return std::clamp(*p95, tuning_.stall_at_least, tuning_.stall);
}

void WantTable::watch(Peer index, TimePoint now) {
  PeerState& peer = peers_[index];
  if (is_stalled(peer, now, tuning_.say_again)) {
    for (auto& [order, want] : peer.outstanding) {
      tell(*want, question(*want, index), Ask::block, true);
    }
    peer.last_delivery = now;
  }
  const Duration penance =
      std::min(tuning_.forgive * (1 << std::clamp(peer.stalls - 1, 0, 8)), tuning_.forgive_at_most);
  if (peer.stalled && peer.outstanding.empty() && now - peer.stalled_at >= penance) {
    peer.stalled = false;
    peer.silent = Duration::zero();
    peer.window.restart();
  }
  if (peer.stalled || live_peers() < 2 || !is_stalled(peer, now, stall_limit(index))) return;
  peer.stalled = true;
  peer.stalled_at = now;
  ++peer.stalls;
  for (auto& [order, want] : peer.outstanding) {
    if (!asked_for_block(*want)) open_.emplace(order, want);  // a hedge
  }
}

/// One is left with a WANT_BLOCK, for the block itself when it comes; the others say that it came.
void WantTable::ask_again(Want& want, TimePoint now) {
  const Peer keeper = keeper_of(want);
  for (Peer index = 0; index < peers_.size(); ++index) {
    if (!peers_[index].up) continue;
    Question& asked = question(want, index);
    if (asked.ask == Ask::block && !asked.lacks) continue;  // it stalls with it
    const Ask ask = index == keeper ? Ask::block : Ask::have;
    const bool again = now >= asked.again_at;
    if (index == keeper) asked.lacks = true;  // for all we know
    if (!again && asked.ask == ask) continue;
    tell(want, asked, ask, again);
    if (again) asked.again_at = now + std::max(asked.backoff, tuning_.ask_again);
  }
}

/// The one that has it already, or one that is told nothing; not always the same.
WantTable::Peer WantTable::keeper_of(const Want& want) const {
  for (const Question& asked : want.questions) {
    if (asked.ask == Ask::block && asked.lacks) return asked.peer;
  }
  const auto count = static_cast<Peer>(peers_.size());
  for (Peer i = 0; i < count; ++i) {
    const auto index = static_cast<Peer>((want.order + i) % count);
    if (!peers_[index].up) continue;
    const Question* asked = find(want, index);
    if (asked == nullptr || asked->ask == Ask::nothing) return index;
  }
  return count;
}

bool WantTable::is_hopeless(const Want& want, TimePoint now) const {
  if (tuning_.peers_may_come || somebody_may_come() || live_peers() == 0 || !want.dry_since)
    return false;
  const int enough = want.kind == Kind::root ? 1 : 2;
  for (Peer index = 0; index < peers_.size(); ++index) {
    if (!peers_[index].up) continue;
    const Question* asked = find(want, index);
    if (asked == nullptr || asked->answers < enough) return false;
  }
  if (want.kind == Kind::root) return true;
  if (last_sign_ && now - *last_sign_ < tuning_.give_up_partial) return false;
  return now - *want.dry_since >= tuning_.give_up;
}

bool WantTable::somebody_may_come() const {
  return std::ranges::any_of(
      peers_, [](const PeerState& peer) { return peer.hope && !peer.up && !peer.lied; });
}

}  // namespace shoal::content::bitswap
