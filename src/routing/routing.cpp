#include "routing/routing.h"

#include <exception>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "system/join.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::routing {

namespace {

/// Providers of one search that are dialled at once.
constexpr std::size_t kMaxMet = 16;
/// Rounds of one search that are under way together.
constexpr std::size_t kMaxRounds = 4;

Task<void> meet(net::Swarm* swarm, PeerId peer) {
  co_await swarm->connect(std::move(peer));
}

/// What has not ended by then goes on.
Task<void> join_within(Clock& clock, TaskGroup& tasks, Duration duration) {
  try {
    co_await within(clock, duration, tasks.join(), "tasks to end");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::timeout) throw;
  }
}

}  // namespace

/// Hands on each peer once, whoever names it.
class Routing::Search {
 public:
  Search(Routing& routing, FoundSink sink) : routing_(routing), sink_(std::move(sink)) {}

  void found(const Found& answer) {
    if (answer.peer == routing_.swarm_.local_peer()) return;
    routing_.learn(answer);
    if (peers_.size() >= kMaxFound || !peers_.insert(answer.peer).second) return;
    sink_(answer);
  }

 private:
  Routing& routing_;
  FoundSink sink_;
  std::unordered_set<PeerId> peers_;
};

void Routing::learn(const Found& found) {
  for (const Multiaddr& address : found.addresses) {
    swarm_.peers().add_address(found.peer, address, net::AddressSource::hearsay, kAddressLifetime);
  }
}

Task<void> Routing::find_providers(Cid cid, FoundSink sink) {
  Search search(*this, std::move(sink));
  const FoundSink found = [&search](const Found& answer) { search.found(answer); };
  TaskGroup asking(system_.waits, "find providers");
  for (Router* router : routers_) asking.spawn(router->find_providers(cid, found));
  co_await join_or_stop(asking);
}

/// Outlives who watches by a round at most.
struct Routing::Watched {
  Watcher* watcher;
};

std::shared_ptr<void> Routing::keep_searching(Cid cid, Duration delay, Watcher& watcher) {
  auto watched = std::make_shared<Watched>(&watcher);
  tasks_.spawn(search_on(std::move(cid), delay, watched));
  // What the watcher holds says when it ends; the search keeps the state alone.
  return std::shared_ptr<void>(nullptr, [watched](void*) { watched->watcher = nullptr; });
}

/// Whoever is found is connected as well: a watcher that asks those who are connected has them.
Task<void> Routing::search_on(Cid cid, Duration delay, std::shared_ptr<Watched> watched) {
  TaskGroup meeting(system_.waits, "meet providers");
  TaskGroup rounds(system_.waits, "rounds of a search");
  const FoundSink found = [&](const Found& answer) {
    if (watched->watcher == nullptr) return;
    watched->watcher->found(answer);
    const bool is_new = swarm_.best(answer.peer) == nullptr;
    if (is_new && meeting.size() < kMaxMet) meeting.spawn(meet(&swarm_, answer.peer));
  };
  std::exception_ptr cancelled;
  try {
    while (true) {
      co_await system_.clock.sleep_for(delay);
      if (watched->watcher == nullptr) break;
      rounds.spawn(find_providers(cid, found));
      const bool crowded = rounds.size() == kMaxRounds;
      co_await join_within(system_.clock, rounds, crowded ? 1h : watched->watcher->patience());
      if (watched->watcher == nullptr) break;
      delay = watched->watcher->searched();
    }
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await rounds.stop();
  co_await meeting.stop();
  if (cancelled) std::rethrow_exception(cancelled);
}

Task<void> Routing::find_peer(PeerId peer) {
  TaskGroup asking(system_.waits, "find peer");
  const FoundSink found = [&](const Found& answer) {
    if (answer.peer != peer || answer.addresses.empty()) return;
    learn(answer);
    asking.cancel();
  };
  for (Router* router : routers_) asking.spawn(router->find_peer(peer, found));
  co_await join_or_stop(asking);
}

Task<void> Routing::provide(Cid cid, std::function<void(const Provided&)> sink) {
  TaskGroup announcing(system_.waits, "provide");
  for (Router* router : routers_) announcing.spawn(run_provide(*router, cid, sink));
  co_await join_or_stop(announcing);
}

Task<void> Routing::run_provide(Router& router, Cid cid,
                                std::function<void(const Provided&)> sink) {
  const std::size_t peers = co_await router.provide(cid);
  if (peers > 0) sink({.where = router.where(), .peers = peers});
}

void Routing::withdraw(const Cid& cid) {
  for (Router* router : routers_) router->withdraw(cid);
}

Task<void> Routing::settle() {
  TaskGroup settling(system_.waits, "settle");
  for (Router* router : routers_) settling.spawn(router->settle());
  co_await join_or_stop(settling);
}

std::string Routing::where() const {
  std::string out;
  for (std::size_t i = 0; i < routers_.size(); ++i) {
    if (i > 0) out += i + 1 == routers_.size() ? " and " : ", ";
    out += routers_[i]->where();
  }
  return out;
}

}  // namespace shoal::routing
