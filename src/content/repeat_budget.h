#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "content/bloom_filter.h"
#include "format/cid.h"

namespace shoal::content {

/// What the user allows a tree to come to, in so many words.
struct TreeLimits {
  std::optional<std::uint64_t> max_bytes;    // of content; --max-size
  std::optional<std::uint64_t> max_entries;  // files, folders and symlinks; --max-files
};

/// Bounds what is made of blocks that a tree names again and again: a few blocks can unfold into
/// endlessly many entries and bytes. Blocks that differ pay for themselves, since somebody had to
/// send them; copies may come to a factor times as much, and a constant that honest trees with many
/// equal files and sparse images stay below.
class RepeatBudget {
 public:
  static constexpr std::uint64_t kByteFactor = 16;
  static constexpr std::uint64_t kEntryFactor = 4;
  static constexpr std::uint64_t kSpareBytes = std::uint64_t{256} << 20;
  static constexpr std::uint64_t kSpareEntries = std::uint64_t{1} << 15;
  /// What visiting a block costs at least.
  static constexpr std::uint64_t kVisitBytes = 256;

  /// What `limits` allow may be made of repeats alone.
  explicit RepeatBudget(TreeLimits limits) : limits_(limits) {}

  /// A block is visited: true for the first time.
  bool visit(const Cid& cid, std::uint64_t block_bytes);
  /// A folder, or a shard of one, has been visited that names so many entries.
  void add_entries(bool first_visit, std::uint64_t count);
  /// Content was found.
  void add_content(std::uint64_t bytes);

  /// Throws Error{limit} naming where the walk is when a limit is exceeded. `path()` gives the
  /// path.
  template <class Path>
  void check(const Cid& cid, const Path& path) const {
    if (exceeded()) fail(cid, path());
  }

 private:
  std::uint64_t most_repeated_bytes() const;
  std::uint64_t most_repeated_entries() const;
  std::uint64_t entries() const;
  bool exceeded() const;
  [[noreturn]] void fail(const Cid& cid, const std::string& path) const;

  const TreeLimits limits_;
  BloomFilter seen_;
  std::uint64_t first_bytes_ = 0;
  std::uint64_t repeated_bytes_ = 0;
  std::uint64_t first_entries_ = 0;
  std::uint64_t repeated_entries_ = 0;
  std::uint64_t content_bytes_ = 0;
};

/// Where in a tree something is, for people: at most 200 bytes of the path, and the CID.
std::string place_in_tree(const std::string& path, const Cid& cid);

/// The same error with the place in the tree, for one that does not say where it happened.
Error located(const Error& error, const std::string& path, const Cid& cid);

}  // namespace shoal::content
