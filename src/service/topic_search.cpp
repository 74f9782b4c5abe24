#include "service/topic_search.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::service {

namespace {
constexpr const char* kNamespace = "floodsub:";
}

Cid meeting_point(const std::string& topic) {
  return Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes(kNamespace + topic)));
}

TopicSearch::TopicSearch(System& system, net::Swarm& swarm, routing::Routing& routing,
                         Options options)
    : system_(system),
      swarm_(swarm),
      routing_(routing),
      options_(std::move(options)),
      cid_(meeting_point(options_.topic)),
      tasks_(system.waits, "topic search") {}

void TopicSearch::start() {
  searching_ = routing_.keep_searching(cid_, 0s, *this);
  if (options_.announce) tasks_.spawn(keep_announcing());
}

Task<void> TopicSearch::stop() {
  searching_.reset();
  if (options_.announce) routing_.withdraw(cid_);
  co_await tasks_.stop();
}

Task<void> TopicSearch::keep_announcing() {
  while (true) {
    std::size_t told = 0;
    co_await routing_.provide(
        cid_, [&told](const routing::Provided& provided) { told += provided.peers; });
    co_await system_.clock.sleep_for(told == 0 ? kAnnounceSoon : kAnnounceAgain);
  }
}

void TopicSearch::found(const routing::Found& peer) {
  want(peer.peer);
}

void TopicSearch::remember(const PeerId& peer) {
  if (former_.size() < kMaxFormer) former_.try_emplace(peer, 0);
  // It may come back soon, and so may we.
  pause_ = kFirstPause;
}

void TopicSearch::try_former() {
  for (auto former = former_.begin(); former != former_.end();) {
    const bool over = swarm_.best(former->first) != nullptr || former->second == kMaxReturns;
    if (over) {
      former = former_.erase(former);
      continue;
    }
    if (may_dial(former->first)) {
      ++former->second;
      want(former->first);
    }
    ++former;
  }
}

void TopicSearch::want(const PeerId& peer) {
  if (has_enough() || waiting_.size() == kMaxWaiting || !may_dial(peer)) return;
  if (std::ranges::find(waiting_, peer) != waiting_.end()) return;
  waiting_.push_back(peer);
  if (dials_ == kMaxDials) return;
  ++dials_;
  tasks_.spawn(run_dials());
}

bool TopicSearch::may_dial(const PeerId& peer) const {
  if (swarm_.best(peer) != nullptr || dialling_.contains(peer)) return false;
  const auto failed = failed_.find(peer);
  return failed == failed_.end() || system_.clock.now() >= failed->second.next;
}

Duration TopicSearch::searched() {
  if (has_enough()) return kPauseWithEnough;
  try_former();
  if (++searches_ < kQuickSearches) return kFirstPause;
  return std::exchange(pause_, std::min(2 * pause_, kLongestPause));
}

Task<void> TopicSearch::run_dials() {
  while (!waiting_.empty()) {
    PeerId next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!has_enough() && may_dial(next)) co_await dial(std::move(next));
  }
  --dials_;
}

Task<void> TopicSearch::dial(PeerId peer) {
  dialling_.insert(peer);
  try {
    co_await swarm_.connect(peer);
    failed_.erase(peer);
  } catch (const Error& error) {
    log_debug("a peer of a topic, {}: {}", peer.short_name(), error.what());
    note_failure(peer);
  }
  dialling_.erase(peer);
}

void TopicSearch::note_failure(const PeerId& peer) {
  const TimePoint now = system_.clock.now();
  if (failed_.size() == kMaxFailed && !failed_.contains(peer)) failed_.erase(failed_.begin());
  Failed& failed = failed_.try_emplace(peer, Failed{now, kFirstRetry / 2}).first->second;
  failed.pause = std::min(2 * failed.pause, kLongestRetry);
  failed.next = now + failed.pause;
}

}  // namespace shoal::service
