#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/gossipsub/rpc.h"
#include "system/sim/random.h"
#include "system/sim/world.h"

namespace shoal::lab {

/// What attackers do, in the terms of the test plans for gossipsub 1.1
/// (github.com/libp2p/gossipsub-hardening).
struct SybilOptions {
  std::size_t count = 0;
  /// Honest nodes that each connects to.
  std::size_t degree = 20;
  /// Connect to publishers only, or to the first publisher only.
  bool publishers_only = false;
  bool single_target = false;
  /// Messages dropped, of those that come: 0 to 1. Before `attack_delay` none are.
  double drops = 1;
  /// Drops all messages of the first publisher.
  bool censors = false;
  Duration attack_delay{0};
  /// After a PRUNE it grafts again, this late and up to kRegraftSpread later.
  Duration regraft = 60s;
  /// They share addresses, so many each; 0: each has its own.
  std::size_t behind_one_address = 0;
  /// Speaks the extension, and tells of messages that it does not give.
  bool trees = false;
};

/// One attacker: joins every mesh that takes it and keeps messages from passing.
class GossipSybil {
 public:
  static constexpr Duration kRegraftSpread = 15s;
  /// Messages that it can give on request.
  static constexpr std::size_t kKept = 64;

  struct Surroundings {
    std::function<void(std::uint32_t to, SharedBytes rpc, bool control)> send;
    sim::World& world;
    std::string topic;
    std::string censored;  // author's id
  };

  GossipSybil(SybilOptions options, Surroundings surroundings, std::uint64_t seed,
              std::uint64_t index);

  void connected(std::uint32_t peer);
  void receive(std::uint32_t from, ByteView rpc);

 private:
  bool attacks_now() const { return surroundings_.world.now() >= attack_at_; }
  void graft(std::uint32_t peer);
  void tell(std::uint32_t peer, const gossipsub::Rpc& rpc);
  void pass_on(std::uint32_t from, const gossipsub::Message& message);
  /// In encoded RPCs, the same for all peers.
  std::vector<SharedBytes> announcement_of(const gossipsub::MessageId& id) const;
  bool drops(const gossipsub::Message& message);

  const SybilOptions options_;
  const Surroundings surroundings_;
  const TimePoint attack_at_;
  sim::SeededRandom random_;
  std::vector<std::uint32_t> peers_;
  std::set<std::pair<std::uint32_t, gossipsub::TreeKey>> lazy_;
  std::set<gossipsub::MessageId> seen_;
  std::map<gossipsub::MessageId, gossipsub::MessagePtr> kept_;
};

}  // namespace shoal::lab
