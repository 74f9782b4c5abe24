#include "content/import/glob.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"

namespace shoal::content {

namespace {

using Ranges = std::vector<std::pair<std::uint8_t, std::uint8_t>>;

/// POSIX's classes, of ASCII. Another name stands for nothing.
Ranges ranges_of_class(std::string_view name) {
  if (name == "alnum") return {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
  if (name == "alpha") return {{'A', 'Z'}, {'a', 'z'}};
  if (name == "blank") return {{' ', ' '}, {'\t', '\t'}};
  if (name == "cntrl") return {{0, 0x1f}, {0x7f, 0x7f}};
  if (name == "digit") return {{'0', '9'}};
  if (name == "graph") return {{'!', '~'}};
  if (name == "lower") return {{'a', 'z'}};
  if (name == "print") return {{' ', '~'}};
  if (name == "punct") return {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
  if (name == "space") return {{'\t', '\r'}, {' ', ' '}};
  if (name == "upper") return {{'A', 'Z'}};
  if (name == "xdigit") return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  return {};
}

/// The name in a `[:name:]` that begins at `at`; none when there is none.
std::optional<std::string_view> class_name_at(std::string_view pattern, std::size_t at) {
  if (pattern.substr(at, 2) != "[:") return std::nullopt;
  const std::size_t end = pattern.find(":]", at + 2);
  if (end == pattern.npos) return std::nullopt;
  return pattern.substr(at + 2, end - at - 2);
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  if (pattern.size() > kMaxBytes) {
    throw Error(ErrorCode::usage, "a pattern of more than 4096 bytes",
                std::string(pattern.substr(0, 40)) + "...", "make it shorter, or make two of it");
  }
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '*') {
      at = add_stars(pattern, at);
    } else if (c == '[') {
      at = add_class(pattern, at);
    } else if (c == '?') {
      parts_.push_back({.kind = Kind::any, .ranges = {}});
      ++at;
    } else {
      if (c == '\\' && at + 1 < pattern.size()) ++at;
      const auto byte = static_cast<std::uint8_t>(pattern[at++]);
      parts_.push_back({.kind = Kind::byte, .byte = byte, .ranges = {}});
    }
  }
}

std::size_t Glob::add_stars(std::string_view pattern, std::size_t at) {
  const std::size_t end = std::min(pattern.find_first_not_of('*', at), pattern.size());
  const bool begins_part = at == 0 || pattern[at - 1] == '/';
  if (end - at == 2 && begins_part && end == pattern.size()) {
    parts_.push_back({.kind = Kind::all, .ranges = {}});
    return end;
  }
  if (end - at == 2 && begins_part && pattern[end] == '/') {
    parts_.push_back({.kind = Kind::folders, .ranges = {}});
    return end + 1;
  }
  parts_.push_back({.kind = Kind::star, .ranges = {}});
  return end;
}

std::size_t Glob::add_class(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  const bool none = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (none) ++i;
  Part part{.kind = none ? Kind::none_of : Kind::one_of, .ranges = {}};
  for (const std::size_t first = i; i < pattern.size(); ++i) {
    if (pattern[i] == ']' && i > first) {
      parts_.push_back(std::move(part));
      return i + 1;
    }
    if (const auto name = class_name_at(pattern, i)) {
      const Ranges ranges = ranges_of_class(*name);
      part.ranges.insert(part.ranges.end(), ranges.begin(), ranges.end());
      i += name->size() + 3;
      continue;
    }
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<std::uint8_t>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      i += 2;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      high = static_cast<std::uint8_t>(pattern[i]);
    }
    part.ranges.emplace_back(low, high);
  }
  // Without an end it is a bracket like any other byte.
  parts_.push_back({.kind = Kind::byte, .byte = '[', .ranges = {}});
  return at + 1;
}

bool Glob::Part::takes(std::uint8_t c) const {
  const auto holds = [c](const auto& range) { return range.first <= c && c <= range.second; };
  switch (kind) {
    case Kind::byte:
      return c == byte;
    case Kind::any:
    case Kind::star:
      return c != '/';
    case Kind::one_of:
      return c != '/' && std::ranges::any_of(ranges, holds);
    case Kind::none_of:
      return c != '/' && std::ranges::none_of(ranges, holds);
    case Kind::all:
    case Kind::folders:
      return true;
  }
  return false;
}

bool Glob::matches(std::string_view text) const {
  // Follows every way to match at once. at[i]: all parts before i have taken the text so far;
  // inside[i]: parts_[i] is `folders` and in the middle of a folder's name.
  std::vector<char> at(parts_.size() + 1, 0);
  std::vector<char> inside(parts_.size() + 1, 0);
  const auto skip_empty = [&] {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (at[i] && parts_[i].may_be_empty()) at[i + 1] = 1;
    }
  };
  at[0] = 1;
  skip_empty();
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    for (std::size_t i = parts_.size() + 1; i-- > 0;) {
      const bool was_here = at[i] != 0;
      const bool was_inside = inside[i] != 0;
      at[i] = inside[i] = 0;
      if (i == parts_.size()) continue;
      const Part& part = parts_[i];
      if (part.kind == Kind::folders) {
        if (was_here || was_inside) (c == '/' ? at : inside)[i] = 1;
      } else if (was_here && part.takes(byte)) {
        at[part.may_be_empty() ? i : i + 1] = 1;
      }
    }
    skip_empty();
  }
  return at[parts_.size()] != 0;
}

}  // namespace shoal::content
