#pragma once

#include <string>
#include <vector>

#include "content/store/block_store.h"
#include "system/os/test_world.h"

namespace shoal::content::testing {

constexpr WallTime kLongAgo{std::chrono::seconds(1'600'000'000)};

inline Bytes pattern(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 251);
  return out;
}

inline Multihash numbered(std::uint64_t number) {
  Bytes text = to_bytes(std::to_string(number));
  return Multihash::sha2_256(text);
}

/// A user's file of `count` blocks of 1,000 bytes, older than what counts as young.
struct Source {
  Source(System& the_system, std::string the_path, std::size_t count)
      : system(the_system), path(std::move(the_path)) {
    auto file = system.storage.open(path, Access::create);
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(pattern(1000, static_cast<std::uint8_t>(i)));
      hashes.push_back(Multihash::sha2_256(blocks.back()));
      file->write_at(i * 1000, blocks.back());
    }
    file->set_mtime(kLongAgo);
  }

  FileStamp stamp() const { return FileStamp::of(*system.storage.info(path)); }

  FileId add_to(BlockStore& store) const {
    const FileId id = store.add_file(path, stamp());
    for (std::size_t i = 0; i < hashes.size(); ++i) store.put_extent(hashes[i], id, i * 1000, 1000);
    return id;
  }

  /// Changes one block; `at` becomes the time of the change.
  void spoil(std::size_t block, WallTime at) const {
    auto file = system.storage.open(path, Access::write);
    file->write_at(block * 1000, as_bytes("spoilt"));
    file->set_mtime(at);
  }

  System& system;
  std::string path;
  std::vector<Bytes> blocks;
  std::vector<Multihash> hashes;
};

/// A short text for long bytes.
inline std::string text(ByteView bytes) {
  return std::to_string(bytes.size()) + " bytes " +
         to_hex(Multihash::sha2_256(bytes).digest().first(4));
}

/// The same, or "none".
inline Task<std::string> got(BlockStore& store, Multihash hash) {
  const auto bytes = co_await store.get(hash);
  if (!bytes) co_return "none";
  co_return text(bytes->view());
}

}  // namespace shoal::content::testing
