#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "system/clock.h"

namespace shoal::os {

/// The machine's clocks, and one timer for everybody who sleeps.
class RealClock final : public Clock {
 public:
  /// Its wall clock is `ahead` of the machine's.
  RealClock(Waits& waits, boost::asio::io_context& context, Duration ahead);

  TimePoint now() const override;
  WallTime wall_now() const override;

  /// Wakes nobody any more; the context may go afterwards.
  void shut() { timer_.reset(); }

 protected:
  void deadline_moved() override;

 private:
  void arm(TimePoint deadline);
  void rang();

  const Duration ahead_;
  std::optional<boost::asio::steady_timer> timer_;
  std::optional<TimePoint> armed_;
};

}  // namespace shoal::os
