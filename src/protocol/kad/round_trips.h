#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>

#include "format/peer_id.h"
#include "system/time.h"

namespace shoal::kad {

/// How long to wait for one answer. Neither ends the request: an answer that comes later still
/// counts.
struct Patience {
  /// Slower than usual: another peer is asked beside it.
  Duration hedge_after;
  /// So slow that nobody waits for it any more.
  Duration late_after;
};

/// Smoothed round trip time and its deviation: RFC 6298, section 2.
class RoundTripEstimate {
 public:
  /// Weights of one sample, as divisors: smaller follows faster.
  RoundTripEstimate(int mean_divisor, int deviation_divisor)
      : mean_divisor_(mean_divisor), deviation_divisor_(deviation_divisor) {}

  void observe(Duration sample);
  /// None before the first sample.
  std::optional<Patience> patience() const;

 private:
  int mean_divisor_;
  int deviation_divisor_;
  std::optional<Duration> mean_;
  Duration deviation_{};
};

/// Whether a request found an open connection, or had to dial first.
enum class Contact { connected, dialled };

/// Round trips of requests to peers of the DHT, from which deadlines follow: a peer's own where
/// it is known, else those of the network as a whole. Bounded in memory.
class RoundTrips {
 public:
  static constexpr Duration kMinLate = 300ms;
  static constexpr Duration kMaxLate = 10s;
  /// Peers whose own round trips are kept; the least recently heard go first.
  static constexpr std::size_t kMaxPeers = 1024;

  void observe(const PeerId& peer, Contact contact, Duration round_trip);
  Patience expect(const PeerId& peer, Contact contact) const;
  std::size_t peer_count() const { return peers_.size(); }

 private:
  struct Peer {
    RoundTripEstimate estimate;
    std::list<PeerId>::iterator age;
  };

  RoundTripEstimate& of(const PeerId& peer);

  RoundTripEstimate connected_{16, 8};
  RoundTripEstimate dialled_{16, 8};
  std::unordered_map<PeerId, Peer> peers_;  // never iterated
  std::list<PeerId> by_age_;                // least recently heard first
};

}  // namespace shoal::kad
