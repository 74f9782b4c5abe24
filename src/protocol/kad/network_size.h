#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "format/peer_id.h"
#include "protocol/kad/key.h"
#include "protocol/kad/message.h"

namespace shoal::kad {

/// Estimates how many servers a DHT has from how near the closest peers of lookups are: of N peers,
/// the i-th nearest to a random key lies at i / (N + 1) of the key space.
class NetworkSize {
 public:
  /// Samples behind which the older ones fade.
  static constexpr double kMemory = 32;

  /// Of one lookup toward a key that nobody chose: nearest first. Fewer than kReplication peers
  /// are the whole network.
  void observe(const Key& target, std::span<const PeerId> closest);
  /// 0 before the first sample.
  double peers() const;

  /// Samples before which there is no radius.
  static constexpr double kMinSamples = 3;
  /// The distance to a key within which kReplication peers are to be expected. None before there
  /// are kMinSamples, and for networks of fewer than twice as many peers.
  std::optional<Key> radius() const;

 private:
  std::array<double, kReplication> mean_distance_{};  // as a share of the key space
  double samples_ = 0;
};

}  // namespace shoal::kad
