#include <algorithm>
#include <utility>

#include "content/bitswap/want_table.h"

namespace shoal::content::bitswap {

namespace {

// Fixed work in one go; what is behind is looked at when those in front have found their peer.
constexpr std::size_t kLooksPerPlan = 4096;

}  // namespace

/// Also when there is nobody who would need any.
bool WantTable::has_room() const {
  const auto may_send = [this](const PeerState& peer) { return peer.up && !is_unhelpful(peer); };
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
      if (want == wants_.end() || !survey(want->second, index)) continue;
      actions_.back().can_wait = true;
    }
  }
}

bool WantTable::survey(Want& want, Peer peer) {
  Question& asked = question(want, peer);
  if (asked.ask != Ask::nothing || asked.lacks) return false;
  tell(want, asked, Ask::have);
  return true;
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
      exhausted_.erase(want->order);
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
    if (!is_left_to_wholes(*want)) continue;
    if (best == nullptr || rank(*want) < rank(*best)) best = want;
  }
  return best;
}

/// Nobody is asked for it but peers that have all of it, if any. One that is slow to send keeps it:
/// where all lines are full everybody is, and whoever changes his mind waits in another queue.
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
    if (is_unhelpful(peer) && (asked == nullptr || !asked->has)) continue;
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
  want.exhausted_since.reset();
  tell(want, asked, Ask::block);
}

/// So that a peer that gets the block meanwhile is asked for what comes after it.
void WantTable::ask_the_poor(Want& want) {
  for (Peer index = 0; index < peers_.size(); ++index) {
    if (!peers_[index].up || !is_unhelpful(peers_[index])) continue;
    Question& asked = question(want, index);
    if (asked.ask == Ask::nothing && !asked.lacks) tell(want, asked, Ask::have);
  }
}

}  // namespace shoal::content::bitswap
