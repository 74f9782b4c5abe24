#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "format/multiaddr.h"
#include "net/swarm/swarm.h"
#include "protocol/autonat/client.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::autonat {

enum class Reachable : std::uint8_t { unknown, yes, no };

/// Whether others reach this node, address by address: has connected peers try, again and again,
/// and believes the majority of those who tried last.
class Reachability {
 public:
  static constexpr std::size_t kMaxAddresses = 16;
  /// Peers whose last word on an address counts.
  static constexpr std::size_t kMaxVoices = 5;
  /// Peers that are asked about an address in one round.
  static constexpr std::size_t kAskedAtOnce = 3;
  /// So many of one opinion end a round in which nobody said otherwise.
  static constexpr std::size_t kAgree = 2;
  static constexpr Duration kLook = 5s;
  static constexpr Duration kRecheckReachable = 15min;
  static constexpr Duration kRecheckOthers = 3min;

  /// Addresses that may be ours as others see them, without /p2p, the likeliest first.
  using Candidates = std::function<std::vector<Multiaddr>()>;
  using Changed = std::function<void(const Multiaddr&, Reachable)>;

  /// Borrows the first three for its life. `changed` is told of every change, on the event loop.
  Reachability(System& system, net::Swarm& swarm, Client& client, Candidates candidates,
               Changed changed);

  void start() { tasks_.spawn(keep_checking()); }
  Task<void> stop() { return tasks_.stop(); }

  Reachable state(const Multiaddr& address) const;
  /// Whether any address is known to be reached.
  bool is_reachable() const;
  /// What is known, by address.
  std::map<Multiaddr, Reachable> states() const;
  /// Connected peers that would try.
  std::vector<PeerId> servers() const;

 private:
  struct Address {
    std::map<PeerId, bool> voices;  // of who tried last
    std::vector<PeerId> order;      // oldest first
    std::set<PeerId> asked;         // in this round
    Reachable state = Reachable::unknown;
    TimePoint due{};
  };

  Task<void> keep_checking();
  void update_candidates();
  Task<void> check(Multiaddr address);
  void hear(const Multiaddr& address, const PeerId& server, bool reached);
  static Reachable judge(const Address& address);

  System& system_;
  net::Swarm& swarm_;
  Client& client_;
  const Candidates candidates_;
  const Changed changed_;
  std::map<Multiaddr, Address> addresses_;
  TaskGroup tasks_;
};

}  // namespace shoal::autonat
