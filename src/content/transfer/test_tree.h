#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/cid.h"
#include "format/dag_pb.h"
#include "format/hamt.h"
#include "format/unixfs.h"
#include "system/task.h"

namespace shoal::content {

/// UnixFS blocks made one by one, also such as no honest node makes.
struct TestTree {
  using Entries = std::vector<std::pair<std::string, Cid>>;
  using Parts = std::vector<std::pair<Cid, std::uint64_t>>;

  /// What blocks are hashed with from now on, as `ipfs add --hash` sets it.
  std::uint64_t hash_code = static_cast<std::uint64_t>(HashCode::sha2_256);
  std::size_t digest_bytes = 32;

  Cid add(Codec codec, Bytes block) {
    const Cid cid = Cid::v1(codec, *Multihash::compute(hash_code, digest_bytes, block));
    blocks.insert_or_assign(cid, std::move(block));
    return cid;
  }
  Cid raw(Bytes bytes) { return add(Codec::raw, std::move(bytes)); }
  Cid node(const UnixfsData& data, const std::vector<DagPbLink>& links = {}) {
    const Bytes encoded = encode_unixfs(data);
    return add(Codec::dag_pb, encode_dag_pb(links, ByteView(encoded)));
  }
  /// A leaf as nodes made it before there were raw ones.
  Cid wrapped(ByteView content, UnixfsType type = UnixfsType::file) {
    return node({.type = type, .data = content, .filesize = content.size()});
  }
  Cid folder(const Entries& entries, UnixfsMetadata metadata = {}) {
    std::vector<DagPbLink> links;
    for (const auto& [name, cid] : entries) links.push_back({cid, name, tsize(cid)});
    return node({.type = UnixfsType::directory, .metadata = metadata}, links);
  }
  Cid file(const Parts& parts, UnixfsMetadata metadata = {}) {
    UnixfsData data{.type = UnixfsType::file, .filesize = 0, .metadata = metadata};
    std::vector<DagPbLink> links;
    for (const auto& [cid, bytes] : parts) {
      links.push_back({cid, "", bytes});
      data.blocksizes.push_back(bytes);
      *data.filesize += bytes;
    }
    return node(data, links);
  }
  Cid symlink(std::string_view target, UnixfsMetadata metadata = {}) {
    return node({.type = UnixfsType::symlink, .data = as_bytes(target), .metadata = metadata});
  }
  /// One shard, whose links have the names given, prefixes included.
  Cid shard(const Entries& entries, std::uint64_t fanout = 256) {
    Bytes field(32);
    std::vector<DagPbLink> links;
    for (const auto& [name, cid] : entries) {
      const auto bucket = static_cast<unsigned>(std::stoul(name.substr(0, 2), nullptr, 16));
      field[31 - bucket / 8] |= static_cast<std::uint8_t>(1 << bucket % 8);
      links.push_back({cid, name, 1});
    }
    return node({.type = UnixfsType::hamt_shard,
                 .data = field,
                 .hash_type = kHamtHashType,
                 .fanout = fanout},
                links);
  }
  /// A shard's name for an entry where its hash puts it.
  static std::string in_bucket(const std::string& name, unsigned depth = 0) {
    const HamtShape shape;
    return shape.prefix(shape.bucket(hamt_hash(name), depth)) + name;
  }

  std::uint64_t tsize(const Cid& cid) const {
    const auto found = blocks.find(cid);
    return found == blocks.end() ? 0 : found->second.size();
  }

  std::map<Cid, Bytes> blocks;
};

inline Task<std::optional<Error>> error_of(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (const Error& error) {
    co_return error;
  }
  co_return std::nullopt;
}

}  // namespace shoal::content
