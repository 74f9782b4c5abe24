#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "content/import/ignore.h"
#include "content/import/importer.h"
#include "format/cid.h"
#include "system/storage.h"
#include "system/task.h"

namespace shoal::content {

/// Something to be imported, and what came out of it.
struct PlanEntry {
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::string name;
  std::size_t parent = kNone;
  FileInfo info;
  /// Only of the paths given: from the file system's root on.
  std::string path;
  std::vector<std::size_t> children;
  bool left_out = false;  // it went while the import ran, or did not come to rest

  std::optional<Cid> root;
  std::uint64_t tsize = 0;
  std::uint64_t blocks = 0;
};

/// All that is to be imported, in an order in which a folder stands before what is in it.
class TreePlan {
 public:
  std::vector<PlanEntry> entries;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  Omissions omissions;
  std::vector<std::string> warnings;

  /// In the file system.
  std::string path_of(std::size_t index) const;

  /// Takes an entry out of the folder that it was in. Throws Error{io} when it was given as a path:
  /// nothing would be left of what was asked for.
  void leave_out_vanished(std::size_t index);
  void leave_out_changing(std::size_t index);

 private:
  void leave_out(std::size_t index, LeftOut& reason);
};

/// Whether something of this kind has the name. Blocks; true when the disk does not say.
bool still_is(Storage& storage, const std::string& path, FileKind kind);

/// Looks at the paths and all below them, reading only folders. Entry 0 is the root: the one path,
/// or a folder without a place that holds several.
Task<TreePlan> plan_tree(System& system, std::vector<std::string> paths,
                         const ImportOptions& options);

/// The same error with advice for whoever cannot read something below one of the paths.
Error with_hint(Storage& storage, const std::vector<std::string>& paths, const Error& error);

}  // namespace shoal::content
