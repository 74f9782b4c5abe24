#pragma once

#include <cstdint>
#include <string>

#include "content/store/block_store.h"
#include "content/transfer/tree_sink.h"
#include "system/system.h"

namespace shoal::content {

/// Sets modes and times on one path after the other, and counts where that fails: what a tree is
/// worth without them is more than nothing.
class MetadataWriter {
 public:
  MetadataWriter(Folder& folder, std::uint32_t umask) : folder_(folder), umask_(umask) {}

  /// Blocks. Empty, or why not all of it could be set. `info`: as it is; what is right already is
  /// left alone. `open`: the file there, where it is open anyhow.
  std::string set(const std::string& path, const UnixfsMetadata& metadata, const FileInfo& info,
                  File* open = nullptr);
  /// What set() told.
  void note(std::string failure);

  std::uint64_t failures() const { return failures_; }
  const std::string& first_failure() const { return first_failure_; }

 private:
  Folder& folder_;
  const std::uint32_t umask_;
  std::uint64_t failures_ = 0;
  std::string first_failure_;
};

/// Gives a tree whose content is right the modes and times that a walk tells. Needs no leaf.
class TreeMetadata final : public TreeSink {
 public:
  /// Borrows all. The tree is at `root` in `folder`, whose own path is `path`.
  TreeMetadata(System& system, BlockStore& store, Folder& folder, std::string path,
               std::string root, MetadataWriter& writer);

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
  Task<void> set(std::string path, FileKind kind, UnixfsMetadata metadata);

  System& system_;
  BlockStore& store_;
  Folder& folder_;
  const std::string path_;
  const std::string root_;
  MetadataWriter& writer_;
};

}  // namespace shoal::content
