#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shoal::node {

/// A bound that this program keeps to, whatever peers and files are like.
struct Limit {
  std::string_view name;  // the part that enforces it, and what it is called there
  std::uint64_t value;
  std::string_view unit;
  std::string_view bounds;  // what
};

/// All of them, by part. docs/limits.md has the same table, which a test compares.
std::span<const Limit> limits();

}  // namespace shoal::node
