#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>

#include "content/bitswap/bitswap.h"
#include "protocol/pex/exchange.h"
#include "service/context.h"

namespace shoal::service {

/// The other getters of one tree: learns of them from the peers that have it, connects to a few,
/// and lets the session ask them for what they have. Those that come by themselves are asked as
/// well.
class Neighbours final : net::ConnectionObserver, pex::Exchange::Member {
 public:
  /// Connects to others while there are fewer, and asks no more than so many.
  static constexpr std::size_t kWanted = 12;
  static constexpr std::size_t kMost = 40;
  /// Peers that were named and not tried yet, or tried lately.
  static constexpr std::size_t kMaxCandidates = 64;
  static constexpr std::size_t kMaxTried = 256;
  /// Two that are named to each other do not both dial: the one with the greater id waits.
  static constexpr Duration kYield = 100ms;
  /// One that was not reached, or has left, is not tried again for so long.
  static constexpr Duration kRetry = 30s;

  /// Borrows the parts of `context`, which has an exchange, and the session for its life.
  Neighbours(const Context& context, Cid root, content::Session& session);
  ~Neighbours() override;
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;

  /// A peer of the session that may have some of the tree, connected now or later.
  void add_source(const PeerId& peer);
  /// All of it is here.
  void set_whole() { scope_->set_whole(); }
  std::size_t count() const { return neighbours_.size(); }

 private:
  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;
  void asked(const PeerId& peer) override;
  void answered(const PeerId& peer, bool whole) override;
  void named(const pex::Named& peer) override;
  void met(const PeerId& peer, bool connected) override;
  void add(const PeerId& peer);
  void fill();
  bool was_tried(const PeerId& peer);

  System& system_;
  net::Swarm& swarm_;
  content::Bitswap& bitswap_;
  content::Session& session_;
  std::set<PeerId> sources_;
  std::set<PeerId> neighbours_;  // connected
  std::set<PeerId> meeting_;
  std::map<PeerId, pex::Named> candidates_;
  std::map<PeerId, TimePoint> tried_;
  std::unique_ptr<pex::Exchange::Scope> scope_;
};

}  // namespace shoal::service
