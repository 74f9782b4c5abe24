#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/shared_bytes.h"
#include "content/transfer/tree_leaf.h"
#include "format/cid.h"
#include "format/unixfs.h"
#include "system/storage.h"
#include "system/task.h"

namespace shoal::content {

/// A file of the tree while some of its blocks are under way.
struct TreeFile {
  std::string path;  // below the root; "" is the root itself
  std::uint64_t size = 0;
  UnixfsMetadata metadata;
  std::size_t open_items = 0;  // kept by the walk

  // Kept by the sink.
  std::unique_ptr<File> file;
  bool resumed = false;
  bool skipped = false;  // cannot be placed
  std::int64_t store_id = 0;
  std::uint64_t zero_lengths = 0;  // powers of two: leaves of zeros that have a place here
};

/// What becomes of a tree's content as a walk finds it. Names have been checked. Calls for
/// different paths and for different parts of a file may overlap; begin_* comes before all that is
/// in it, end_* after.
class TreeSink {
 public:
  virtual ~TreeSink() = default;

  virtual Task<void> begin_folder(std::string path) = 0;
  virtual Task<void> end_folder(std::string path, UnixfsMetadata metadata) = 0;
  virtual Task<void> symlink(std::string path, std::string target, UnixfsMetadata metadata) = 0;
  /// The size of the file at `path` when its whole content is what the raw block `cid` holds.
  virtual Task<std::optional<std::uint64_t>> holds_file(std::string path, Cid cid) = 0;
  /// A whole file of one verified raw block.
  virtual Task<void> small_file(std::string path, Cid cid, SharedBytes bytes) = 0;
  virtual Task<void> begin_file(TreeFile& file) = 0;
  /// Whether [offset, offset + length) is already there and is what the leaf `cid` holds.
  virtual Task<bool> holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) = 0;
  /// The same for a leaf of zeros that is there from the start, without looking at the disk.
  virtual bool holds_zeros(TreeFile&, const Cid&, std::uint64_t, std::uint64_t) { return false; }
  /// Verified content; with `leaf`, all that is in that.
  virtual Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                             const TreeLeaf* leaf) = 0;
  virtual Task<void> end_file(TreeFile& file) = 0;
};

/// Where a walk gets blocks from.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  /// Verified.
  virtual Task<SharedBytes> block(Cid cid) = 0;
  /// Bytes of the block when it is on this machine; else 0.
  virtual std::uint64_t held_bytes(const Cid&) { return 0; }
  /// How many times as much as usual may be asked for at once, because who asks for it sees to the
  /// memory.
  virtual std::uint64_t ask_ahead() const { return 1; }
  /// It is no leaf, which would have its place in a file: to be had again for nothing from now on.
  virtual void keep(const Cid& cid, const SharedBytes& block) = 0;
};

}  // namespace shoal::content
