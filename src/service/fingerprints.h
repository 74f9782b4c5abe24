#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace shoal::service {

/// Many values by 64-bit keys in little memory: open addressing, in segments that grow one by one.
/// Keys must be spread evenly, by a hash that whoever chooses the content cannot aim at.
template <class Value>
class FingerprintMap {
 public:
  /// Null when it is not there.
  const Value* find(std::uint64_t key) const {
    key = usable(key);
    const Segment& segment = segments_[key % kSegments];
    if (segment.slots.empty()) return nullptr;
    const Slot& slot = segment.slots[place(segment.slots, key)];
    return slot.key == kNone ? nullptr : &slot.value;
  }

  /// False when it is there already.
  bool insert(std::uint64_t key, const Value& value = {}) {
    key = usable(key);
    Segment& segment = segments_[key % kSegments];
    if ((segment.used + 1) * 10 > segment.slots.size() * 7) grow(segment);
    Slot& slot = segment.slots[place(segment.slots, key)];
    if (slot.key != kNone) return false;
    slot = {key, value};
    ++segment.used;
    ++size_;
    return true;
  }

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kSegments = 64;
  static constexpr std::size_t kFirstSlots = 16;
  static constexpr std::uint64_t kNone = 0;

  static std::uint64_t usable(std::uint64_t key) { return key == kNone ? 1 : key; }

  struct Slot {
    std::uint64_t key = kNone;
    [[no_unique_address]] Value value{};
  };
  struct Segment {
    std::vector<Slot> slots;
    std::size_t used = 0;
  };

  static std::size_t place(const std::vector<Slot>& slots, std::uint64_t key) {
    std::size_t at = key / kSegments % slots.size();
    while (slots[at].key != kNone && slots[at].key != key) at = (at + 1) % slots.size();
    return at;
  }

  static void grow(Segment& segment) {
    std::vector<Slot> larger(segment.slots.empty() ? kFirstSlots : 2 * segment.slots.size());
    for (const Slot& slot : segment.slots) {
      if (slot.key != kNone) larger[place(larger, slot.key)] = slot;
    }
    segment.slots = std::move(larger);
  }

  std::array<Segment, kSegments> segments_;
  std::size_t size_ = 0;
};

}  // namespace shoal::service
