#include "system/sim/event_queue.h"

#include <algorithm>
#include <utility>

namespace shoal::sim {

void EventQueue::at(TimePoint time, Action action) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(actions_.size()));
    actions_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  actions_[slot] = std::move(action);
  heap_.push_back({.time = time, .order = next_order_++, .slot = slot});
  std::ranges::push_heap(heap_, std::greater<>{});
}

std::optional<TimePoint> EventQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().time;
}

EventQueue::Action EventQueue::pop() {
  const std::uint32_t slot = heap_.front().slot;
  std::ranges::pop_heap(heap_, std::greater<>{});
  heap_.pop_back();
  free_.push_back(slot);
  return std::exchange(actions_[slot], nullptr);
}

void EventQueue::clear() {
  heap_.clear();
  free_.clear();
  const std::vector<Action> dropped = std::exchange(actions_, {});
}

}  // namespace shoal::sim
