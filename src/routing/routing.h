#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/swarm/swarm.h"
#include "routing/router.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::routing {

/// Content that can be found from now on by those who look where `where` says.
struct Provided {
  std::string_view where;
  std::size_t peers;  // that were told
};

/// Who has this content, where is this peer: asks every router side by side and hands on each
/// answer as it comes. Addresses that are found go into the swarm's peer store.
class Routing {
 public:
  /// How long found addresses are kept.
  static constexpr Duration kAddressLifetime = 30min;
  /// Peers that one search hands on.
  static constexpr std::size_t kMaxFound = 256;

  /// Borrows both for its life.
  Routing(System& system, net::Swarm& swarm)
      : system_(system), swarm_(swarm), tasks_(system.waits, "routing") {}

  /// Borrowed until remove(), after which no search may use it any more.
  void add(Router& router) { routers_.push_back(&router); }
  void remove(Router& router) { std::erase(routers_, &router); }

  /// Each provider of `cid` once, this node left out. Returns when no router has more to say now.
  Task<void> find_providers(Cid cid, FoundSink sink);
  /// Searches that go on: told of every round's end, with the pause before the next as the answer.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void found(const Found& provider) = 0;
    virtual Duration searched() = 0;
    /// A round that takes longer goes on beside the next: it waits for peers that do not answer.
    virtual Duration patience() const { return 1h; }
  };
  /// Searches for providers of `cid` again and again, until the answer is destroyed. The first
  /// search begins after `delay`. Borrows the watcher until then.
  std::shared_ptr<void> keep_searching(Cid cid, Duration delay, Watcher& watcher);
  /// Returns when an address of `peer` is known, or no router has more to say.
  Task<void> find_peer(PeerId peer);
  /// Tells of each router through which others can find `cid` here, and returns when all were
  /// tried.
  Task<void> provide(Cid cid, std::function<void(const Provided&)> sink);
  void withdraw(const Cid& cid);
  /// Returns when what provide() began is complete.
  Task<void> settle();

  /// What is searched, as in "on the local network and in the DHT"; empty when there is nothing.
  std::string where() const;
  bool empty() const { return routers_.empty(); }

  /// Ends searches and announcements. Routers must still be there.
  Task<void> stop() { return tasks_.stop(); }

 private:
  class Search;
  struct Watched;

  Task<void> search_on(Cid cid, Duration delay, std::shared_ptr<Watched> watched);
  void learn(const Found& found);
  Task<void> run_provide(Router& router, Cid cid, std::function<void(const Provided&)> sink);

  System& system_;
  net::Swarm& swarm_;
  std::vector<Router*> routers_;
  TaskGroup tasks_;
};

}  // namespace shoal::routing
