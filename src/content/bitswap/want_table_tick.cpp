#include <algorithm>
#include <ranges>

#include "content/bitswap/want_table.h"

namespace shoal::content::bitswap {

std::vector<std::pair<Multihash, WantTable::GaveUp>> WantTable::tick(TimePoint now) {
  for (Peer peer = 0; peer < peers_.size(); ++peer) watch(peer, now);
  for (Peer helper = 0; helper < peers_.size(); ++helper) {
    for (Peer slow = 0; slow < peers_.size() && may_help(helper); ++slow) help(helper, slow, now);
  }
  std::vector<Want*> hopeless;
  for (auto& [order, want] : exhausted_) {
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
  const bool may_have = !is_unhelpful(helper) || helper.role == PeerRole::part;
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
  if (tuning_.peers_may_come || somebody_may_come() || live_peers() == 0 || !want.exhausted_since)
    return false;
  const int enough = want.kind == Kind::root ? 1 : 2;
  for (Peer index = 0; index < peers_.size(); ++index) {
    if (!peers_[index].up) continue;
    const Question* asked = find(want, index);
    if (asked == nullptr || asked->answers < enough) return false;
  }
  if (want.kind == Kind::root) return true;
  if (last_sign_ && now - *last_sign_ < tuning_.give_up_partial) return false;
  return now - *want.exhausted_since >= tuning_.give_up;
}

bool WantTable::somebody_may_come() const {
  return std::ranges::any_of(
      peers_, [](const PeerState& peer) { return peer.hope && !peer.up && !peer.lied; });
}

}  // namespace shoal::content::bitswap
