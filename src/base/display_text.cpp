#include "base/display_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace shoal {

namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The first code point of a text that is not empty; RFC 3629. One that is not valid has one byte.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {.value = lead, .bytes = 1, .valid = true};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  char32_t value = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || surrogate) return {};
  return {.value = value, .bytes = length, .valid = true};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t value) {
  return std::ranges::any_of(
      ranges, [&](const Range& range) { return value >= range.first && value <= range.last; });
}

/// Controls, line separators, and what turns the direction of writing.
constexpr std::array<Range, 8> kUnsafe = {{{0x00, 0x1f},
                                           {0x7f, 0x9f},
                                           {0x61c, 0x61c},
                                           {0x200e, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2066, 0x2069},
                                           {0xfff9, 0xfffb},
                                           {0xe0000, 0xe007f}}};

constexpr std::array<Range, 8> kZeroWidth = {{{0x300, 0x36f},
                                              {0x483, 0x489},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x200b, 0x200d},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfeff, 0xfeff}}};

/// Unicode's East Asian wide and fullwidth characters, by block.
constexpr std::array<Range, 14> kDoubleWidth = {{{0x1100, 0x115f},
                                                 {0x231a, 0x231b},
                                                 {0x23e9, 0x23ec},
                                                 {0x2e80, 0x303e},
                                                 {0x3041, 0x33ff},
                                                 {0x3400, 0x4dbf},
                                                 {0x4e00, 0x9fff},
                                                 {0xa000, 0xa4cf},
                                                 {0xac00, 0xd7a3},
                                                 {0xf900, 0xfaff},
                                                 {0xfe30, 0xfe6f},
                                                 {0xff00, 0xff60},
                                                 {0x1f300, 0x1faff},
                                                 {0x20000, 0x3fffd}}};

std::size_t columns_of(char32_t value) {
  if (within(kZeroWidth, value)) return 0;
  return within(kDoubleWidth, value) ? 2 : 1;
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid || (point.bytes == 1 && within(kUnsafe, point.value))) {
      shown += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text.front()));
    } else if (within(kUnsafe, point.value)) {
      shown += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(point.value));
    } else {
      shown += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return shown;
}

std::string as_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    valid += point.valid ? text.substr(0, point.bytes) : std::string_view("\xef\xbf\xbd");
    text.remove_prefix(point.bytes);
  }
  return valid;
}

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    sum += columns_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return sum;
}

std::string shorten(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string kept;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    used += columns_of(point.value);
    if (used > width) break;
    kept += text.substr(0, point.bytes);
    text.remove_prefix(point.bytes);
  }
  return kept + "…";
}

}  // namespace shoal
