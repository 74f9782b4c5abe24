#pragma once

#include <cstddef>
#include <cstdint>

#include "system/clock.h"

namespace shoal {

/// A token bucket shared by all that count against one limit. Serves its callers in order. Also
/// counts what passed, limited or not, as far as it is told.
class RateLimit {
 public:
  /// `bytes_per_second` 0: no limit. Holds at most 1/20 of a second's worth, and never less than 64
  /// KiB.
  RateLimit(Clock& clock, std::uint64_t bytes_per_second);

  /// So many bytes passed on the network, whoever pays for them, and when.
  void passed(std::uint64_t bytes) { total_ += bytes; }
  /// Of all calls of passed().
  std::uint64_t total() const { return total_; }

  bool unlimited() const { return rate_ == 0; }
  /// From now on; what was taken and not paid yet is paid at the new rate. Those who wait already
  /// do so for as long as they were told.
  void set_rate(std::uint64_t bytes_per_second);
  /// Whether it holds those back who use it, or did a moment ago.
  bool saturated() const;
  /// Counts bytes that pass without waiting, such as a few that answer for many: the next caller
  /// of take() waits for them. False when more than half of the rate passed in this way already.
  bool take_now(std::uint64_t bytes);
  /// A part of what is to pass: others wait no longer than 1/250 of a second for it.
  std::size_t part_bytes() const;
  /// Waits until `bytes` may pass. More than the bucket holds is paid off in advance of the next
  /// caller. Cancellable: what did not pass is not counted.
  Task<void> take(std::uint64_t bytes);

 private:
  Clock& clock_;
  std::uint64_t rate_;
  std::uint64_t total_ = 0;
  Duration burst_;
  TimePoint paid_until_;      // when all that was taken will have been paid at the rate
  TimePoint now_paid_until_;  // what take_now() took alone, at half of it
};

}  // namespace shoal
