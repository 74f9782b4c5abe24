#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "format/dag_pb.h"
#include "format/hamt.h"
#include "format/unixfs.h"

namespace shoal {

inline constexpr std::size_t kMaxSymlinkBytes = 4096;
/// Nodes of one file above each other. With two parts to a node, which is fewer than anybody makes,
/// 64 levels hold every length there is; a longer chain only makes others store it.
inline constexpr unsigned kMaxFileDepth = 64;

/// A part of a file that is in another block: bytes [offset, offset + length) of the whole file.
/// `length` is never 0.
struct FilePart {
  Cid cid;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// Nodes above it.
  unsigned depth = 1;
};

/// A file or a part of one, whatever its layout: first the content inside, then the children.
struct FileNode {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  /// At `offset`. Lent by the block.
  ByteView content;
  /// In order and without gaps, from behind `content` to the end. Zero-length ones are left out, so
  /// that whoever follows them makes progress.
  std::vector<FilePart> children;
};

/// Entries in the order of the block; names differ and are not empty, but are not checked further:
/// see name_check.h before making files of them.
struct DirectoryNode {
  std::vector<DagPbLink> entries;
};

struct ShardEntry {
  unsigned bucket = 0;
  DagPbLink link;
};

/// One block of a sharded directory. See HamtWalk for all of them.
struct ShardNode {
  HamtShape shape;
  /// With their names, without the prefixes.
  std::vector<ShardEntry> entries;
  /// Shards below. Their names are empty.
  std::vector<ShardEntry> children;
};

/// Where it leads is anything: never to be followed on a disk unchecked. 1 to 4096 bytes, no NUL.
struct SymlinkNode {
  std::string target;
};

struct UnixfsNode {
  std::variant<FileNode, DirectoryNode, ShardNode, SymlinkNode> kind;
  UnixfsMetadata metadata;
};

/// What a block means as UnixFS. `block` must already have been verified against `cid`, of which
/// only the codec matters here. Raw blocks are files. Throws Error{unsupported} for other codecs
/// and for types that are no files, Error{malformed} for what contradicts itself: sizes that do
/// not add up, named parts of files, entries of one name, shards whose bit field or prefixes lie.
UnixfsNode describe_node(const Cid& cid, ByteView block, std::uint64_t file_offset = 0);

/// The same for a block that a file points at, which must be a file of the promised length too.
/// Throws Error{limit} for one that has parts at kMaxFileDepth.
FileNode describe_file_part(const FilePart& part, ByteView block);

}  // namespace shoal
