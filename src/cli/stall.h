#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "cli/units.h"
#include "system/time.h"

namespace shoal::cli {

/// --timeout for commands that count their steps: too long without one is an error.
class Stall {
 public:
  /// `what` did not happen, as the error says it.
  Stall(std::optional<Duration> limit, TimePoint now, std::string what = "no progress")
      : limit_(limit), last_(now), what_(std::move(what)) {}

  void moved(TimePoint now) { last_ = now; }
  /// Throws Error{timeout}, which says what was waited for.
  void check(TimePoint now, const std::string& wait = {}) const {
    if (!limit_ || now - last_ < *limit_) return;
    const std::string about = wait.empty() ? wait : ": " + wait;
    throw Error(ErrorCode::timeout, what_ + " for " + format_time(*limit_) + about, {},
                "use a longer --timeout, or leave it out to wait for ever");
  }
  /// How long nothing has moved.
  Duration idle(TimePoint now) const { return now - last_; }

 private:
  std::optional<Duration> limit_;
  TimePoint last_;
  std::string what_;
};

}  // namespace shoal::cli
