#include "protocol/portmap/gateway.h"

#include <algorithm>

namespace shoal::portmap {

namespace {

/// 240.0.0.0/4 and 0.0.0.0/8 are nobody's.
bool is_reserved(const IpAddress& address) {
  const std::uint8_t first = address.bytes().front();
  return !address.is_v6() && (first == 0 || first >= 240);
}

}  // namespace

bool is_plausible_outside(const Endpoint& outside) {
  const IpAddress address = outside.address.normalised();
  return outside.port != 0 && !address.is_unspecified() && !address.is_loopback() &&
         !address.is_private() && !address.is_link_local() && !address.is_multicast() &&
         !is_reserved(address);
}

Duration bounded_lease(std::uint64_t seconds) {
  constexpr std::uint64_t kMost = 1'000'000'000;
  const auto granted = std::chrono::seconds(std::min(seconds, kMost));
  return std::clamp<Duration>(granted, kShortestLease, kLongestLease);
}

}  // namespace shoal::portmap
