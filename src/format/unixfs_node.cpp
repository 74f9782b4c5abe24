#include "format/unixfs_node.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "base/varint.h"

namespace shoal {
namespace {

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

void check_end(std::uint64_t offset, std::uint64_t length) {
  if (offset > kMaxVarint || length > kMaxVarint - offset)
    malformed("file of more than 2^63 bytes");
}

FileNode raw_file(ByteView block, std::uint64_t offset) {
  if (block.size() > kMaxBlockBytes) throw Error(ErrorCode::limit, "raw block of more than 2 MiB");
  check_end(offset, block.size());
  return {offset, block.size(), block, {}};
}

FileNode file_node(const DagPbView& node, const UnixfsData& data, std::uint64_t offset) {
  if (data.blocksizes.size() != node.links.size())
    malformed("file whose sizes and links differ in number");
  const std::uint64_t length = content_size(data);
  if (data.filesize.value_or(0) != length) malformed("file whose size is not the sum of its parts");
  check_end(offset, length);
  FileNode file{offset, length, data.data, {}};
  file.children.reserve(node.links.size());
  std::uint64_t at = offset + data.data.size();
  for (std::size_t i = 0; i < node.links.size(); ++i) {
    if (!node.links[i].name.empty()) malformed("file with a named part");
    if (data.blocksizes[i] == 0) continue;
    file.children.push_back({.cid = node.links[i].cid, .offset = at, .length = data.blocksizes[i]});
    at += data.blocksizes[i];
  }
  return file;
}

DagPbLink to_entry(const DagPbLinkView& link, std::size_t skip = 0) {
  return {link.cid, std::string(link.name.substr(skip)), link.tsize};
}

DirectoryNode directory_node(const DagPbView& node) {
  std::vector<std::string_view> names;
  names.reserve(node.links.size());
  DirectoryNode directory;
  directory.entries.reserve(node.links.size());
  for (const DagPbLinkView& link : node.links) {
    if (link.name.empty()) malformed("directory with an entry that has no name");
    names.push_back(link.name);
    directory.entries.push_back(to_entry(link));
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    malformed("directory with two entries of one name");
  return directory;
}

/// Bits of the field are counted from the end of its last byte; leading zero bytes may be missing.
bool has_bucket(ByteView field, unsigned bucket) {
  const std::size_t from_end = bucket / 8;
  if (from_end >= field.size()) return false;
  return (field[field.size() - 1 - from_end] >> (bucket % 8) & 1) != 0;
}

std::size_t count_buckets(ByteView field) {
  std::size_t count = 0;
  for (const std::uint8_t byte : field) count += static_cast<std::size_t>(std::popcount(byte));
  return count;
}

void add_shard_link(ShardNode& shard, const DagPbLinkView& link, unsigned bucket) {
  const std::size_t digits = shard.shape.digits();
  auto& kind = link.name.size() == digits ? shard.children : shard.entries;
  kind.push_back({bucket, to_entry(link, digits)});
}

ShardNode shard_node(const DagPbView& node, const UnixfsData& data) {
  if (data.hash_type.value_or(0) != kHamtHashType) {
    throw Error(ErrorCode::unsupported, "sharded directory with an unknown hash function");
  }
  ShardNode shard{HamtShape::checked(data.fanout.value_or(0)), {}, {}};
  if (data.data.size() > shard.shape.fanout / 8)
    malformed("shard with a bit field that is too long");
  if (count_buckets(data.data) != node.links.size())
    malformed("shard whose bits and links differ in number");
  // As many links as bits, each with a bit, none twice: they are the same set.
  std::vector<bool> seen(shard.shape.fanout);
  for (const DagPbLinkView& link : node.links) {
    const std::optional<unsigned> bucket = shard.shape.parse_prefix(link.name);
    if (!bucket || !has_bucket(data.data, *bucket)) malformed("shard with a link in no bucket");
    if (seen[*bucket]) malformed("shard with two links in one bucket");
    seen[*bucket] = true;
    add_shard_link(shard, link, *bucket);
  }
  return shard;
}

SymlinkNode symlink_node(const DagPbView& node, const UnixfsData& data) {
  if (!node.links.empty()) malformed("symbolic link with links");
  if (data.data.empty()) malformed("symbolic link to nowhere");
  if (data.data.size() > kMaxSymlinkBytes) {
    throw Error(ErrorCode::limit, "symbolic link of more than 4096 bytes");
  }
  if (std::ranges::find(data.data, 0) != data.data.end()) malformed("symbolic link with NUL in it");
  return {std::string(as_text(data.data))};
}

UnixfsNode describe_dag_pb(ByteView block, std::uint64_t offset) {
  const DagPbView node = decode_dag_pb(block);
  if (!node.data) malformed("dag-pb node without UnixFS data");
  const UnixfsData data = decode_unixfs(*node.data);
  switch (data.type) {
    case UnixfsType::raw:
    case UnixfsType::file:
      return {file_node(node, data, offset), data.metadata};
    case UnixfsType::directory:
      return {directory_node(node), data.metadata};
    case UnixfsType::hamt_shard:
      return {shard_node(node, data), data.metadata};
    case UnixfsType::symlink:
      return {symlink_node(node, data), data.metadata};
    case UnixfsType::metadata:
      break;
  }
  throw Error(ErrorCode::unsupported, "UnixFS node that is no file, directory or symbolic link");
}

}  // namespace

UnixfsNode describe_node(const Cid& cid, ByteView block, std::uint64_t file_offset) {
  if (cid.is(Codec::raw)) return {raw_file(block, file_offset), {}};
  if (cid.is(Codec::dag_pb)) return describe_dag_pb(block, file_offset);
  throw Error(ErrorCode::unsupported, "block of a codec that UnixFS does not use", cid.to_string());
}

FileNode describe_file_part(const FilePart& part, ByteView block) {
  UnixfsNode node = describe_node(part.cid, block, part.offset);
  FileNode* file = std::get_if<FileNode>(&node.kind);
  if (file == nullptr) malformed("part of a file that is no file");
  if (file->length != part.length) malformed("part of a file with another length than promised");
  if (part.depth >= kMaxFileDepth && !file->children.empty()) {
    throw Error(ErrorCode::limit, "file whose nodes are nested too deeply");
  }
  for (FilePart& child : file->children) child.depth = part.depth + 1;
  return std::move(*file);
}

}  // namespace shoal
