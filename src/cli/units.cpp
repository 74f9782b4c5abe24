#include "cli/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "base/error.h"

namespace shoal::cli {

namespace {

constexpr std::array<std::string_view, 6> kSizeUnits = {"B", "kB", "MB", "GB", "TB", "PB"};

struct Quantity {
  double number;
  std::string_view unit;
};

/// A plain decimal number and what follows it.
std::optional<Quantity> split(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, digits);
  if (number.empty() || number.front() == '.' || number.back() == '.') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value,
                                            std::chars_format::fixed);
  if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  return Quantity{.number = value, .unit = text.substr(number.size())};
}

std::optional<double> size_factor(std::string_view unit) {
  if (unit.empty()) return 1.0;
  if (unit == "K" || unit == "k") return 1e3;
  if (unit == "M") return 1e6;
  if (unit == "G") return 1e9;
  if (unit == "T") return 1e12;
  return std::nullopt;
}

std::optional<double> milliseconds_in(std::string_view unit) {
  if (unit == "ms") return 1.0;
  if (unit == "s") return 1e3;
  if (unit == "m") return 60e3;
  if (unit == "h") return 3600e3;
  return std::nullopt;
}

[[noreturn]] void refuse(std::string_view flag, std::string_view text, std::string_view wanted) {
  throw Error(ErrorCode::usage, fmt::format("{} cannot be '{}'", flag, text), {},
              std::string(wanted));
}

}  // namespace

std::uint64_t parse_size(std::string_view flag, std::string_view text) {
  static constexpr std::string_view kWanted =
      "sizes look like 800, 500K, 20M or 1.5G, in powers of 1000";
  const auto quantity = split(text);
  const auto factor = quantity ? size_factor(quantity->unit) : std::nullopt;
  if (!factor) refuse(flag, text, kWanted);
  const double bytes = quantity->number * *factor;
  if (bytes >= 1e18) refuse(flag, text, kWanted);
  return static_cast<std::uint64_t>(bytes);
}

Duration parse_time(std::string_view flag, std::string_view text) {
  static constexpr std::string_view kWanted = "times look like 500ms, 10s, 5m or 2h";
  const auto quantity = split(text);
  const auto factor = quantity ? milliseconds_in(quantity->unit) : std::nullopt;
  if (!factor) refuse(flag, text, kWanted);
  const double milliseconds = quantity->number * *factor;
  if (milliseconds < 1 || milliseconds > 1000.0 * 24 * 3600e3) refuse(flag, text, kWanted);
  return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
}

std::uint64_t parse_count(std::string_view flag, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    refuse(flag, text, "a whole number is wanted, such as 10");
  }
  return value;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be shown as 1000 belongs to the next unit.
  while (value >= 999.5 && unit + 1 < kSizeUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kSizeUnits[unit]);
}

std::string format_time(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (duration > Duration::zero() && seconds < 1) {
    return fmt::format("{} ms", std::chrono::ceil<std::chrono::milliseconds>(duration).count());
  }
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 100 * 3600) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("over {} days", seconds / (24 * 3600));
}

double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace shoal::cli
