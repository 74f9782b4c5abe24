#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::content {

/// What was left out for one reason: how many, and the paths of the first few.
struct LeftOut {
  static constexpr std::size_t kMostNamed = 3;

  std::uint64_t count = 0;
  std::vector<std::string> first;

  void add(std::string path) {
    ++count;
    if (first.size() < kMostNamed) first.push_back(std::move(path));
  }
};

/// Whatever an import left out, or will not bring back, that whoever asked for it may miss.
struct Omissions {
  LeftOut hidden;    // names that begin with '.'; of a folder only its own
  LeftOut special;   // neither files nor folders nor symlinks
  LeftOut vanished;  // while the import ran
  LeftOut changing;  // rewritten while they were read, also at the second try
  /// Files that the owner or others may execute, without ImportOptions::preserve.
  std::uint64_t executables = 0;

  bool unexpected() const { return special.count + vanished.count + changing.count > 0; }
  bool any() const { return unexpected() || hidden.count + executables > 0; }
};

/// "2 REASON (a, b)"; empty when there are none.
std::string to_text(const LeftOut& left_out, std::string_view reason);

/// The same of all that nobody could expect.
std::string unexpected_text(const Omissions& omissions);

}  // namespace shoal::content
