#include "protocol/kad/round_trips.h"

#include <algorithm>

namespace shoal::kad {

namespace {

// Where time is measured in steps, or does not vary, an answer must not seem slow for nothing.
constexpr Duration kMinDeviation = 5ms;

// Before anything was measured. RFC 6298, 2.1 has 1 s; TCP, security and request make three round
// trips of a dial.
constexpr Patience kFirstConnected{.hedge_after = 300ms, .late_after = 1s};
constexpr Patience kFirstDialled{.hedge_after = 600ms, .late_after = 3s};

Patience bounded(Patience patience) {
  patience.late_after = std::clamp(patience.late_after, RoundTrips::kMinLate, RoundTrips::kMaxLate);
  patience.hedge_after = std::min(patience.hedge_after, patience.late_after);
  return patience;
}

}  // namespace

void RoundTripEstimate::observe(Duration sample) {
  sample = std::clamp(sample, Duration::zero(), RoundTrips::kMaxLate);
  if (!mean_) {
    mean_ = sample;
    deviation_ = sample / 2;
    return;
  }
  const Duration difference = sample > *mean_ ? sample - *mean_ : *mean_ - sample;
  deviation_ += (difference - deviation_) / deviation_divisor_;
  *mean_ += (sample - *mean_) / mean_divisor_;
}

std::optional<Patience> RoundTripEstimate::patience() const {
  if (!mean_) return std::nullopt;
  const Duration deviation = std::max({deviation_, *mean_ / 8, kMinDeviation});
  return Patience{.hedge_after = *mean_ + 2 * deviation, .late_after = *mean_ + 4 * deviation};
}

void RoundTrips::observe(const PeerId& peer, Contact contact, Duration round_trip) {
  if (contact == Contact::dialled) {
    dialled_.observe(round_trip);
    return;
  }
  connected_.observe(round_trip);
  of(peer).observe(round_trip);
}

RoundTripEstimate& RoundTrips::of(const PeerId& peer) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    by_age_.splice(by_age_.end(), by_age_, found->second.age);
    return found->second.estimate;
  }
  if (peers_.size() >= kMaxPeers) {
    peers_.erase(by_age_.front());
    by_age_.pop_front();
  }
  const auto age = by_age_.insert(by_age_.end(), peer);
  return peers_.emplace(peer, Peer{RoundTripEstimate(8, 4), age}).first->second.estimate;
}

Patience RoundTrips::expect(const PeerId& peer, Contact contact) const {
  if (contact == Contact::dialled) return bounded(dialled_.patience().value_or(kFirstDialled));
  const auto known = peers_.find(peer);
  if (known != peers_.end()) return bounded(*known->second.estimate.patience());
  return bounded(connected_.patience().value_or(kFirstConnected));
}

}  // namespace shoal::kad
