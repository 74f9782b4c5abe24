#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/block.h"
#include "format/car.h"
#include "format/file_layout.h"

/// What the tests of DAGs share. The expected CIDs in them come from Kubo 0.41:
/// `ipfs init --profile=test,unixfs-v1-2025` (or `test` alone for the legacy ones), `ipfs add -Q
/// -r`.
namespace shoal::testing {

/// The bytes that Kubo was given: splitmix64 from `seed`, each word in little-endian order.
inline Bytes pseudo_random_bytes(std::uint64_t seed, std::size_t count) {
  Bytes out;
  out.reserve(count + 8);
  while (out.size() < count) {
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t word = seed;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    word ^= word >> 31;
    for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  }
  out.resize(count);
  return out;
}

inline const UnixfsProfile kModern = UnixfsProfile::v1_2025();
inline const UnixfsProfile kLegacy = UnixfsProfile::legacy_v0();

/// Blocks by CID, and a sink that fills it.
struct BlockMap {
  std::map<Cid, Bytes> blocks;

  BlockSink sink() {
    return [this](const Cid& cid, Bytes block) { blocks.emplace(cid, std::move(block)); };
  }
};

inline Bytes read_testdata(const std::string& name) {
  std::ifstream file(std::string(SHOAL_SOURCE_DIR "/src/format/testdata/") + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct LoadedCar {
  Cid root;
  std::vector<Cid> order;
  std::map<Cid, Bytes> blocks;
};

inline LoadedCar load_car(const std::string& name) {
  CarReader reader;
  reader.feed(read_testdata(name));
  LoadedCar car{reader.header().value().roots.at(0), {}, {}};
  while (std::optional<CarBlock> block = reader.next()) {
    car.order.push_back(block->cid);
    car.blocks.emplace(block->cid, std::move(block->bytes));
  }
  reader.finish();
  return car;
}

/// A profile with small pieces, for deep files out of little content.
inline UnixfsProfile small_profile(UnixfsProfile profile, std::size_t chunk, std::size_t links) {
  profile.chunk_bytes = chunk;
  profile.links_per_node = links;
  return profile;
}

/// Cuts content into leaves and builds the file, as an importer would.
inline FileRoot add_file(ByteView content, const UnixfsProfile& profile, const BlockSink& sink,
                         const UnixfsMetadata& metadata = {}) {
  BalancedFileBuilder builder(profile, sink);
  for (std::size_t at = 0; at < content.size(); at += profile.chunk_bytes) {
    const std::size_t size = std::min(profile.chunk_bytes, content.size() - at);
    Leaf leaf = make_leaf(content.subspan(at, size), profile);
    builder.add_leaf(leaf.root);
    sink(leaf.root.cid, std::move(leaf.block));
  }
  return builder.finish(metadata, builder.leaf_count() == 1 ? content : ByteView{});
}

/// The entry of a directory for a file with that content.
inline DagPbLink file_entry(std::string name, ByteView content, const UnixfsProfile& profile) {
  const FileRoot root = add_file(content, profile, [](const Cid&, const Bytes&) {});
  return {root.cid, std::move(name), root.tsize};
}

template <class Action>
ErrorCode code_thrown_by(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace shoal::testing
