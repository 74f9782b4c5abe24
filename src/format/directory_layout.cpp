#include "format/directory_layout.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/varint.h"

namespace shoal {
namespace {

Bytes directory_data(const UnixfsMetadata& metadata) {
  return encode_unixfs({.type = UnixfsType::directory, .metadata = metadata});
}

void check_names(std::span<const DagPbLink> entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const DagPbLink& entry : entries) names.push_back(entry.name);
  std::ranges::sort(names);
  if (!names.empty() && names.front().empty()) {
    throw Error(ErrorCode::usage, "directory with an entry that has no name");
  }
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) {
    throw Error(ErrorCode::usage, "directory with two entries of one name", std::string(*twice));
  }
}

DirectoryRoot build_basic(std::span<const DagPbLink> entries, const UnixfsProfile& profile,
                          const UnixfsMetadata& metadata, const BlockSink& sink) {
  const Bytes data = directory_data(metadata);
  Bytes block = encode_dag_pb(entries, ByteView(data));
  DirectoryRoot root{profile.dag_pb_cid(block), cumulative_size(block.size(), entries), false};
  sink(root.cid, std::move(block));
  return root;
}

}  // namespace

std::size_t estimate_directory_bytes(std::span<const DagPbLink> entries,
                                     const UnixfsProfile& profile, const UnixfsMetadata& metadata) {
  std::size_t sum = 0;
  if (profile.size_estimation == DirectorySizeEstimate::links) {
    for (const DagPbLink& entry : entries) sum += entry.name.size() + entry.cid.encode().size();
    return sum;
  }
  const std::size_t data = directory_data(metadata).size();
  sum = 1 + varint_size(data) + data;
  for (const DagPbLink& entry : entries) sum += encoded_link_bytes(entry);
  return sum;
}

DirectoryRoot build_directory(std::span<const DagPbLink> entries, const UnixfsProfile& profile,
                              const UnixfsMetadata& metadata, const BlockSink& sink) {
  check_names(entries);
  const std::size_t estimate = estimate_directory_bytes(entries, profile, metadata);
  return estimate > profile.hamt_threshold_bytes ? build_hamt(entries, profile, metadata, sink)
                                                 : build_basic(entries, profile, metadata, sink);
}

DagPbLink build_symlink(std::string_view target, const UnixfsProfile& profile,
                        const UnixfsMetadata& metadata, const BlockSink& sink) {
  const Bytes data = encode_unixfs({.type = UnixfsType::symlink,
                                    .data = as_bytes(target),
                                    .metadata = {.mode = {}, .mtime = metadata.mtime}});
  Bytes block = encode_dag_pb({}, ByteView(data));
  const std::uint64_t tsize = block.size();
  DagPbLink link{profile.dag_pb_cid(block), {}, tsize};
  sink(link.cid, std::move(block));
  return link;
}

}  // namespace shoal
