#pragma once

#include <memory>
#include <optional>
#include <string>

#include "content/store/block_store.h"
#include "format/file_layout.h"
#include "format/unixfs.h"
#include "format/unixfs_profile.h"
#include "system/storage.h"

namespace shoal::content {

/// A leaf of a file, without the content: the block is `frame.before`, the content, `frame.after`.
struct ChunkLeaf {
  FileRoot root;
  ExtentFrame frame;
};

ChunkLeaf leaf_of(ByteView content, const UnixfsProfile& profile, const UnixfsMetadata& metadata);

/// Reads and hashes a part of a file; nothing when the file has become shorter. Blocks.
std::optional<ChunkLeaf> read_leaf(File& file, std::uint64_t offset, std::size_t length,
                                   const UnixfsProfile& profile, const UnixfsMetadata& metadata);

struct OpenedFile {
  std::unique_ptr<File> file;
  FileInfo info;
  FileStamp stamp;  // that tells from then on whether it has changed
  /// Of a file of one chunk at most: all of it. Nothing if it changed meanwhile.
  std::optional<ChunkLeaf> only_leaf;
  bool grew = false;  // meanwhile: the leaf is of what there was before
};

inline UnixfsMetadata metadata_from(const FileInfo& info, FileKind kind) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(info.mtime);
  UnixfsMetadata metadata;
  metadata.mtime = UnixfsTime{.seconds = seconds.time_since_epoch().count(),
                              .nanos = static_cast<std::uint32_t>((info.mtime - seconds).count())};
  if (kind != FileKind::symlink) metadata.mode = info.mode;
  return metadata;
}

}  // namespace shoal::content
