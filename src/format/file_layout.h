#pragma once

#include <cstdint>
#include <vector>

#include "format/dag_pb.h"
#include "format/unixfs.h"
#include "format/unixfs_profile.h"

namespace shoal {

/// A file, or a part of one.
struct FileRoot {
  Cid cid;
  /// The bytes of the file.
  std::uint64_t content_bytes = 0;
  /// The bytes of all its blocks, as parents state it.
  std::uint64_t tsize = 0;
};

struct Leaf {
  FileRoot root;
  Bytes block;
};

/// Encodes a piece of a file as the profile wants it: a raw block, or a dag-pb File node with the
/// content inside. With metadata it is always the latter.
Leaf make_leaf(ByteView content, const UnixfsProfile& profile, const UnixfsMetadata& metadata = {});

/// Makes the inner nodes of a file, in boxo's balanced layout, from its leaves in order. A node is
/// emitted as soon as it is full and known not to be the root, so memory holds one unfinished node
/// for each level. Leaves go to their store without the builder; only the leaf that finish() may
/// have to make goes through the sink.
///
///     level 2            [ root ]
///     level 1      [ full ] [ unfinished ]
///     leaves      a b c d e f g
class BalancedFileBuilder {
 public:
  /// `profile.layout` must be balanced.
  BalancedFileBuilder(const UnixfsProfile& profile, BlockSink sink);

  /// Throws Error{limit} when the sizes exceed 2^63 - 1.
  void add_leaf(const FileRoot& leaf);

  std::uint64_t leaf_count() const { return leaf_count_; }

  /// The root: the leaf itself if there was one only, an empty leaf if there was none. Metadata
  /// goes to the root alone, as with Kubo's --preserve-mode, which also switches raw leaves off:
  /// use a profile without them for Kubo's CIDs. A raw block cannot carry metadata, so the root of
  /// an empty or one-leaf file becomes a dag-pb node then, made anew from `only_leaf`, the content
  /// of that leaf; Error{usage} if that has another size. Call once.
  FileRoot finish(const UnixfsMetadata& metadata = {}, ByteView only_leaf = {});

 private:
  struct Level {
    std::vector<DagPbLink> links;
    std::vector<std::uint64_t> sizes;
    std::uint64_t content_bytes = 0;
  };

  void add(std::size_t level, const FileRoot& child);
  FileRoot emit(Level& level, const UnixfsMetadata& metadata);
  FileRoot finish_leaf(const UnixfsMetadata& metadata, ByteView content);

  UnixfsProfile profile_;
  BlockSink sink_;
  std::vector<Level> levels_;
  std::uint64_t leaf_count_ = 0;
};

}  // namespace shoal
