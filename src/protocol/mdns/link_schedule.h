#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "system/time.h"

namespace shoal::mdns {

/// When to ask and to answer on one interface and IP version (RFC 6762, sections 5.2, 6 and 8.3).
/// Sans-I/O.
///
/// Queries go out at once, then after 1 s, 2 s, 4 s and so on up to kQueryPeriod. Answers go to the
/// group at once and a second later, then when somebody asks, at most one a second.
class LinkSchedule {
 public:
  static constexpr Duration kQueryPeriod = 60s;
  static constexpr Duration kFirstInterval = 1s;
  static constexpr Duration kAnswerInterval = 1s;
  static constexpr std::size_t kAnnouncements = 2;

  explicit LinkSchedule(TimePoint now) { restart(now); }

  /// The network changed: asks and announces as at the start.
  void restart(TimePoint now) {
    next_query_ = now;
    query_interval_ = kFirstInterval;
    announcements_left_ = kAnnouncements;
    answer_by(now);
  }

  /// Whether to ask now. `jitter` (0 to 1) lengthens the next interval by up to a tenth, so that
  /// hosts that started together do not stay together.
  bool take_query(TimePoint now, double jitter) {
    if (now < next_query_) return false;
    const auto more =
        static_cast<Duration::rep>(static_cast<double>(query_interval_.count()) * jitter / 10);
    next_query_ = now + query_interval_ + Duration(more);
    query_interval_ = std::min(query_interval_ * 2, kQueryPeriod);
    return true;
  }

  /// Somebody asked: an answer goes to the group at `time`, or when the interval has passed. What
  /// is planned already for an earlier time serves as well: then there is nothing new, and none is
  /// returned.
  std::optional<TimePoint> answer_by(TimePoint time) {
    if (answered_) time = std::max(time, *answered_ + kAnswerInterval);
    if (next_answer_ && *next_answer_ <= time) return std::nullopt;
    next_answer_ = time;
    return time;
  }

  /// Whether to answer to the group now.
  bool take_answer(TimePoint now) {
    if (!next_answer_ || now < *next_answer_) return false;
    next_answer_.reset();
    answered_ = now;
    if (announcements_left_ > 0 && --announcements_left_ > 0) answer_by(now);
    return true;
  }

  /// Whether the group was answered less than `span` ago.
  bool answered_within(Duration span, TimePoint now) const {
    return answered_ && now - *answered_ < span;
  }

  TimePoint next_due() const {
    return next_answer_ ? std::min(*next_answer_, next_query_) : next_query_;
  }

 private:
  TimePoint next_query_;
  Duration query_interval_ = kFirstInterval;
  std::optional<TimePoint> next_answer_;
  std::optional<TimePoint> answered_;
  std::size_t announcements_left_ = 0;
};

}  // namespace shoal::mdns
