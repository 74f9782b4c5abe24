#pragma once

#include <cstddef>
#include <list>
#include <utility>

#include "system/event.h"
#include "system/system.h"

namespace shoal::net {

/// Bounds the attempts to connect of a node: so many under way at once, and so many begun each
/// second. Those that wait are let through in order of arrival, urgent ones first.
class DialLimiter {
 public:
  static constexpr std::size_t kMaxAtOnce = 128;
  static constexpr double kBurst = 128;
  static constexpr double kPerSecond = 64;

  DialLimiter(System& system, std::size_t most_at_once) : system_(system), most_(most_at_once) {}

  /// Held while an attempt is under way. Must not outlive the limiter.
  class [[nodiscard]] Pass {
   public:
    explicit Pass(DialLimiter& limiter) : limiter_(&limiter) {}
    ~Pass() {
      if (limiter_ != nullptr) limiter_->leave();
    }
    Pass(Pass&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;

   private:
    DialLimiter* limiter_;
  };

  /// Returns when an attempt may begin. Cancellable.
  Task<Pass> enter(bool urgent);

  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return urgent_.size() + others_.size(); }

 private:
  class Waiter;

  bool may_begin();
  void leave();
  void wake_first();
  const Waiter* first() const;

  System& system_;
  const std::size_t most_;
  std::size_t under_way_ = 0;
  double tokens_ = kBurst;
  TimePoint refilled_{};
  std::list<Waiter*> urgent_;
  std::list<Waiter*> others_;
};

}  // namespace shoal::net
