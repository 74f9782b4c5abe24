#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "content/store/block_store.h"
#include "content/transfer/tree_sink.h"
#include "system/system.h"

namespace shoal::content {

/// Something else is where a tree should be: Error{exists}.
Error differs(const std::string& path, std::string_view there = "something else");

/// Finds out whether a tree on the disk is the one that a walk describes, changing nothing of it.
/// What is found right can be served from there. Throws differs() at the first difference.
class TreeCompare final : public TreeSink {
 public:
  /// Borrows all but the names. The tree is at `root` in `folder`, whose own path is `path`.
  TreeCompare(System& system, BlockStore& store, Folder& folder, std::string path,
              std::string root);

  std::uint64_t hashed_bytes() const { return hashed_bytes_; }
  /// Whether names are there that the walk did not mention. Blocks.
  bool has_more() const;

  Task<void> begin_folder(std::string path) override;
  Task<void> end_folder(std::string path, UnixfsMetadata metadata) override;
  Task<void> symlink(std::string path, std::string target, UnixfsMetadata metadata) override;
  Task<std::optional<std::uint64_t>> holds_file(std::string path, Cid cid) override;
  Task<void> small_file(std::string path, Cid cid, SharedBytes bytes) override;
  Task<void> begin_file(TreeFile& file) override;
  Task<bool> holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) override;
  Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                     const TreeLeaf* leaf) override;
  Task<void> end_file(TreeFile& file) override;

 private:
  /// Blocks.
  FileInfo look(const std::string& path, FileKind kind) const;
  /// It must be so long.
  Task<FileInfo> open(TreeFile& file, std::uint64_t least_bytes, std::uint64_t most_bytes);

  System& system_;
  BlockStore& store_;
  Folder& folder_;
  const std::string path_;
  const std::string root_;
  std::uint64_t hashed_bytes_ = 0;
  std::uint64_t names_seen_ = 0;
};

}  // namespace shoal::content
