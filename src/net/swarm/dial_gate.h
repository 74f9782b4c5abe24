#pragma once

#include <cstddef>
#include <list>
#include <utility>

#include "system/event.h"
#include "system/system.h"

namespace shoal::net {

/// Bounds the attempts to connect of a node: so many under way at once, and so many begun each
/// second. Those that wait are let through in order of arrival, urgent ones first.
class DialGate {
 public:
  static constexpr std::size_t kMaxAtOnce = 128;
  static constexpr double kBurst = 128;
  static constexpr double kPerSecond = 64;

  DialGate(System& system, std::size_t most_at_once) : system_(system), most_(most_at_once) {}

  /// Held while an attempt is under way. Must not outlive the gate.
  class [[nodiscard]] Pass {
   public:
    explicit Pass(DialGate& gate) : gate_(&gate) {}
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;

   private:
    DialGate* gate_;
  };

  /// Returns when an attempt may begin. Cancellable.
  Task<Pass> enter(bool urgent);

  std::size_t under_way() const { return under_way_; }
  std::size_t waiting() const { return urgent_.size() + others_.size(); }

 private:
  class Place;

  bool may_begin();
  void leave();
  void wake_first();
  const Place* first() const;

  System& system_;
  const std::size_t most_;
  std::size_t under_way_ = 0;
  double tokens_ = kBurst;
  TimePoint refilled_{};
  std::list<Place*> urgent_;
  std::list<Place*> others_;
};

}  // namespace shoal::net
