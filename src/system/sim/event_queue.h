#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "system/time.h"

namespace shoal::sim {

/// What will happen in a world, in order of time, then of when it was planned.
class EventQueue {
 public:
  using Action = std::move_only_function<void()>;

  void at(TimePoint time, Action action);
  std::optional<TimePoint> next() const;
  /// Takes the earliest. There must be one.
  Action pop();
  std::size_t size() const { return heap_.size(); }
  void clear();

 private:
  struct Entry {
    TimePoint time;
    std::uint64_t order;
    std::uint32_t slot;
    bool operator>(const Entry& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  std::vector<Entry> heap_;
  std::vector<Action> actions_;  // by slot: so that the heap moves small entries only
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
};

}  // namespace shoal::sim
