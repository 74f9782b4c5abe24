#include "protocol/kad/network_size.h"

#include <algorithm>
#include <cmath>

namespace shoal::kad {

namespace {

double share_of_key_space(const Key& distance) {
  double out = 0;
  for (std::size_t i = 8; i-- > 0;) out = (out + distance.bytes()[i]) / 256;
  return out;
}

}  // namespace

void NetworkSize::observe(const Key& target, std::span<const PeerId> closest) {
  if (closest.empty()) return;
  samples_ = std::min(samples_ + 1, kMemory);
  for (std::size_t i = 0; i < kReplication; ++i) {
    // As far as a small network has them, the rest follow from the last.
    const std::size_t known = std::min(i, closest.size() - 1);
    double distance = share_of_key_space(Key::of(closest[known]).distance(target));
    if (known < i) distance = static_cast<double>(i + 1) / static_cast<double>(closest.size() + 1);
    mean_distance_[i] += (distance - mean_distance_[i]) / samples_;
  }
}

std::optional<Key> NetworkSize::radius() const {
  const double size = peers();
  if (samples_ < kMinSamples || size < 2.0 * kReplication) return std::nullopt;
  double share = kReplication / (size + 1);
  std::array<std::uint8_t, Key::kBytes> out{};
  for (std::size_t i = 0; i < 8; ++i) {
    share *= 256;
    out[i] = static_cast<std::uint8_t>(share);
    share -= out[i];
  }
  return Key::at(out);
}

/// Least squares through the origin over i / (N + 1).
double NetworkSize::peers() const {
  if (samples_ == 0) return 0;
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < kReplication; ++i) {
    const auto rank = static_cast<double>(i + 1);
    squares += rank * rank;
    products += rank * mean_distance_[i];
  }
  return products > 0 ? std::max(1.0, squares / products - 1) : 1;
}

}  // namespace shoal::kad
