#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "content/store/block_store.h"
#include "content/transfer/differences.h"
#include "content/transfer/folder_names.h"
#include "content/transfer/tree_sink.h"
#include "content/transfer/trial.h"
#include "system/event.h"
#include "system/system.h"

namespace shoal::content {

/// Finds out whether a tree on the disk is the one that a walk describes, changing nothing of it.
/// What is found right can be served from there.
///
/// What the file system cannot hold at all (symlinks, names, sizes) need not be there: it is no
/// difference, and listed.
class TreeCompare final : public TreeSink {
 public:
  /// What is done after the first difference: nothing more, or the names are gone through to the
  /// end, so that lost() is of the whole. Content is no longer looked at.
  enum class Then { stop, names };

  struct Place {
    Folder& folder;
    std::string path;   // of the folder
    std::string root;   // in the folder: the tree
    std::string trial;  // in the folder: for a moment, to try what can be made
    std::uint32_t umask = 0;
  };

  /// Borrows all but the names. The walk throws an Error{exists} where it need not go on; what is
  /// known then is what counts.
  TreeCompare(System& system, BlockStore& store, Place place, Then then);

  bool same() const { return !different_; }
  /// With content that is the same: mode or time is not what the tree says.
  bool metadata_differs() const { return metadata_differs_; }
  const LostFiles& lost() const { return lost_; }
  const NotPlacedList& not_placed() const { return not_placed_; }
  std::uint64_t hashed_bytes() const { return hashed_bytes_; }
  /// What the walk counts for what is not placed.
  std::uint64_t skipped_files() const { return skipped_files_; }
  std::uint64_t skipped_blocks() const { return skipped_blocks_; }
  std::uint64_t skipped_bytes() const { return skipped_bytes_; }

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
  class Turn;

  /// What is at the path when it is of that kind; none when it is not, which has been noted then.
  Task<std::optional<FileInfo>> find(std::string path, FileKind kind, std::uint64_t size);
  Task<void> note_absent(std::string path, FileKind kind, std::uint64_t size);
  /// Another file has the name to this disk.
  bool is_alias(const std::string& path) const;
  bool is_below_unplaced(std::string_view path) const;
  void differ();
  void differ_in(const std::string& path, std::uint64_t bytes);
  Task<bool> open(TreeFile& file, const FileInfo& info);
  void compare_metadata(const FileInfo& info, const UnixfsMetadata& metadata);
  std::string at(std::string_view path) const;

  System& system_;
  BlockStore& store_;
  const Place place_;
  const Then then_;
  bool different_ = false;
  bool metadata_differs_ = false;
  LostFiles lost_;
  NotPlacedList not_placed_;
  Trial trial_;
  bool trying_ = false;
  Event tried_;
  std::map<std::string, FolderNames, std::less<>> open_;  // folders that are there
  std::set<std::string, std::less<>> unplaced_folders_;   // that cannot be there
  std::uint64_t hashed_bytes_ = 0;
  std::uint64_t skipped_files_ = 0;
  std::uint64_t skipped_blocks_ = 0;
  std::uint64_t skipped_bytes_ = 0;
};

/// Something else is where a tree should be: Error{exists}.
Error differs(const std::string& path, std::string_view there, const LostFiles& lost);

}  // namespace shoal::content
