#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "system/time.h"

namespace shoal::cli {

/// What is known of something under way.
struct Progress {
  std::string name;  // of what is moved; any bytes
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: not known yet
  std::uint64_t rate = 0;         // bytes a second
  std::optional<Duration> rest;
  std::optional<std::size_t> peers;
  std::string path = {};       // by which they are reached, where that needs a word
  std::string_view what = {};  // was done to the bytes, where that needs a word
  std::string waiting;         // what for; empty while something moves
};

/// One line of at most `width` columns: name, bar, percent, bytes, rate, rest of time, peers, or
/// what is waited for. What matters least goes first where it is narrow. Safe for terminals.
std::string render(const Progress& progress, std::size_t width);

}  // namespace shoal::cli
