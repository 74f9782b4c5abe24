#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace shoal {

/// Whether one more line may be logged from a place in the code: whatever makes the same place
/// speak again and again does not fill a disk. Sans-I/O.
class LogGate {
 public:
  using Time = std::chrono::nanoseconds;

  /// Lines from one place in each interval; the rest are counted.
  static constexpr std::size_t kLines = 20;
  static constexpr std::chrono::seconds kInterval{10};
  /// Places remembered; there are not so many in the code.
  static constexpr std::size_t kMaxPlaces = 1024;

  /// None: not this one. Else how many from there were left out since the last one.
  std::optional<std::uint64_t> admit(std::string_view file, unsigned line, Time now) {
    if (places_.size() >= kMaxPlaces) places_.clear();
    Place& place = places_[{file, line}];
    if (now - place.began >= kInterval || place.lines == 0) {
      place.began = now;
      place.lines = 0;
    }
    if (place.lines >= kLines) {
      ++place.left_out;
      return std::nullopt;
    }
    ++place.lines;
    return std::exchange(place.left_out, 0);
  }

 private:
  struct Place {
    Time began{};
    std::size_t lines = 0;
    std::uint64_t left_out = 0;
  };
  std::map<std::pair<std::string_view, unsigned>, Place> places_;  // of names that live for ever
};

}  // namespace shoal
