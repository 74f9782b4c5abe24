#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "content/bitswap/server_peer.h"

// Peers that share what they get are told of a block when there is time to send it: each then asks
// whoever is idle instead of waiting in the queue of whoever had the block first.

namespace shoal::content::bitswap {

namespace {

// What is only a matter of time is noticed this soon.
constexpr Duration kLookForOffers = 200ms;

}  // namespace

void Server::look_for_offers() {
  if (sharing_.empty() || tasks_.stopping()) return;
  look_again_ = true;
  if (!std::exchange(offering_, true)) tasks_.spawn(offer_blocks());
  may_offer_.notify_all();
}

Task<void> Server::offer_blocks() {
  while (true) {
    if (!std::exchange(look_again_, false)) {
      const bool changed = co_await may_offer_.wait_for(system_.clock, kLookForOffers);
      const bool any = std::ranges::any_of(
          peers_, [](const auto& one) { return one.second->peer_wants.held() > 0; });
      if (!changed && !any) break;
    }
    const TimePoint now = system_.clock.now();
    const std::size_t most = offer_ahead_bytes(now);
    std::size_t under_way = 0;
    for (const auto& [id, peer] : peers_) {
      // One that takes its time keeps nobody else waiting.
      if (peer->sharing && !peer->takes_its_time(now)) under_way += under_way_bytes(*peer, now);
    }
    while (under_way < most) {
      Peer* const taker = choose_taker(now);
      if (taker == nullptr) break;
      const std::size_t before = under_way_bytes(*taker, now);
      const std::optional<Multihash> hash = choose_offer(*taker);
      if (!hash) break;
      taker->peer_wants.tell_held(*hash, now);
      taker->has_offer = true;
      taker->sendable.notify_all();
      under_way += std::max<std::size_t>(under_way_bytes(*taker, now) - before, 1);
    }
  }
  offering_ = false;
}

std::size_t Server::under_way_bytes(Peer& peer, TimePoint now) const {
  return peer.peer_wants.offered_bytes(now) + peer.peer_wants.queued_bytes() + peer.ready_bytes;
}

/// The one with the least on its way, of those that give if any of them lacks something.
Server::Peer* Server::choose_taker(TimePoint now) {
  const bool for_others = system_.random.below(SendQueue::kOthersEvery) == 0;
  Peer* best = nullptr;
  std::pair<bool, std::size_t> best_rank;
  std::uint64_t equals = 0;
  for (const auto& [id, peer] : peers_) {
    if (!peer->sharing || peer->peer_wants.held() == 0) continue;
    const std::size_t under_way = under_way_bytes(*peer, now);
    if (peer->takes_its_time(now) && under_way > 0) continue;
    const std::pair rank(gives(*peer) == for_others, under_way);
    if (best != nullptr && rank > best_rank) continue;
    equals = best != nullptr && rank == best_rank ? equals + 1 : 1;
    if (equals > 1 && system_.random.below(equals) != 0) continue;
    best = peer.get();
    best_rank = rank;
  }
  return best;
}

/// Of some blocks, the one that most of some others lack, too.
std::optional<Multihash> Server::choose_offer(const Peer& peer) {
  const std::size_t held = peer.peer_wants.held();
  if (held == 0) return std::nullopt;
  const auto first = static_cast<std::size_t>(system_.random.below(held));
  std::vector<Multihash> some = peer.peer_wants.held(first, kOfferChoice);
  if (some.size() < kOfferChoice) {
    for (Multihash& hash : peer.peer_wants.held(0, std::min(first, kOfferChoice - some.size()))) {
      some.push_back(std::move(hash));
    }
  }
  const std::vector<const Peer*> others = some_peers();
  const auto lacking = [&](const Multihash& hash) {
    return std::ranges::count_if(others,
                                 [&](const Peer* one) { return one->peer_wants.is_held(hash); });
  };
  return *std::ranges::max_element(some, {}, lacking);
}

/// All, or kOfferPeers of them, which lie side by side from a random one on.
std::vector<const Server::Peer*> Server::some_peers() const {
  std::vector<const Peer*> out;
  out.reserve(std::min(peers_.size(), kOfferPeers));
  auto next = peers_.begin();
  if (peers_.size() > kOfferPeers) {
    std::advance(next, static_cast<std::ptrdiff_t>(system_.random.below(peers_.size())));
  }
  while (out.size() < std::min(peers_.size(), kOfferPeers)) {
    out.push_back(next->second.get());
    if (++next == peers_.end()) next = peers_.begin();
  }
  return out;
}

void Server::note_sent_bytes(std::size_t bytes) {
  const TimePoint now = system_.clock.now();
  const std::chrono::duration<double> since = now - sent_lately_at_;
  sent_lately_ = sent_lately_ * std::exp2(-since.count()) + static_cast<double>(bytes);
  sent_lately_at_ = now;
  largest_ = std::max(largest_, bytes);
  look_for_offers();
}

/// Of those that answer, on average.
Duration Server::answer_time() const {
  Duration sum{};
  int count = 0;
  for (const auto& [id, peer] : peers_) {
    const Duration time = peer->peer_wants.answer_time();
    if (time == Duration{} || peer->takes_its_time(system_.clock.now())) continue;
    sum += time;
    ++count;
  }
  return count == 0 ? sum : sum / count;
}

std::size_t Server::offer_ahead_bytes(TimePoint now) const {
  const std::chrono::duration<double> since = now - sent_lately_at_;
  // At a steady rate this many seconds' worth is remembered.
  constexpr double kRemembered = 1.4427;
  const double rate = sent_lately_ * std::exp2(-since.count()) / kRemembered;
  const Duration answers = std::min<Duration>(kOfferAhead + 2 * answer_time(), kMostOfferAhead);
  const double ahead = rate * std::chrono::duration<double>(answers).count();
  return std::max({kOfferAheadBytes, 2 * largest_, static_cast<std::size_t>(ahead)});
}

}  // namespace shoal::content::bitswap
