#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "system/time.h"

namespace shoal::net {

/// Exponential back-off of what could not be reached, by `Key`. Sans-I/O; bounded.
template <class Key>
class DialBackoff {
 public:
  /// After the first failure; doubles with each further one up to kLongest.
  static constexpr Duration kFirst = 5s;
  static constexpr Duration kLongest = 5min;
  /// A failure is forgotten so long after its back-off has ended.
  static constexpr Duration kMemory = 10min;
  /// Beyond it the entry whose back-off ends first is forgotten.
  static constexpr std::size_t kMaxEntries = 4096;

  /// Returns how often it has failed in a row. Failures during a back-off, of attempts that were
  /// under way already, count once.
  std::uint32_t failed(const Key& key, TimePoint now) {
    forget_old(now);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      make_room();
      found = entries_.emplace(key, Entry{}).first;
    } else if (now < found->second.until) {
      return found->second.failures;
    }
    Entry& entry = found->second;
    ++entry.failures;
    entry.until = now + length(entry.failures);
    return entry.failures;
  }

  void succeeded(const Key& key) { entries_.erase(key); }

  /// How much longer it is to be left alone; none when it may be tried.
  std::optional<Duration> remaining(const Key& key, TimePoint now) const {
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.until <= now) return std::nullopt;
    return found->second.until - now;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint32_t failures = 0;
    TimePoint until{};
  };

  static Duration length(std::uint32_t failures) {
    return std::min<Duration>(kLongest, kFirst * (std::int64_t{1} << std::min(failures - 1, 10U)));
  }

  void forget_old(TimePoint now) {
    if (now < next_look_) return;
    next_look_ = now + kMemory / 10;
    std::erase_if(entries_, [&](const auto& entry) { return entry.second.until + kMemory <= now; });
  }

  void make_room() {
    if (entries_.size() < kMaxEntries) return;
    const auto ends = [](const auto& entry) { return entry.second.until; };
    entries_.erase(std::ranges::min_element(entries_, {}, ends));
  }

  std::map<Key, Entry> entries_;
  TimePoint next_look_{};
};

}  // namespace shoal::net
