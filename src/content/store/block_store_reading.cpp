// How the block store reads blocks: from the index, or from the files that they lie in.
#include <algorithm>
#include <utility>

#include "content/store/block_store_state.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

/// Of one block, at a time; others are looked for when all of these were forgotten.
constexpr std::size_t kExtentsTried = 8;
constexpr int kLooks = 8;

BlockExtent block_extent(const Index::Extent& place) {
  return {.path = place.path,
          .offset = place.offset,
          .length = place.length,
          .frame = place.frame,
          .stamp = place.stamp,
          .trusted = place.current};
}

/// One of several blocks that lie in files.
struct Look {
  std::size_t number;
  Index::Extent place;
  std::shared_ptr<File> file;
  BlockReading reading{};
};

void read_all(System& system, const std::vector<Multihash>& hashes, std::vector<Look>& looks) {
  for (std::size_t i = 0; i < looks.size(); ++i) {
    Look& look = looks[i];
    const bool is_same = i > 0 && looks[i - 1].place.file == look.place.file;
    if (!look.file && is_same) look.file = looks[i - 1].reading.file;
    look.reading = read_block(system.storage, block_extent(look.place), hashes[look.number],
                              std::move(look.file), system.clock.wall_now());
  }
}

}  // namespace

Task<std::optional<SharedBytes>> BlockStore::State::get_node(Multihash hash) {
  auto found = with_index([&](Index& all) { return all.node(hash.encoded()); });
  if (!found) co_return std::nullopt;
  SharedBytes node(std::move(*found));
  // Whoever put one with a hash that we cannot compute is trusted with it.
  const auto job = [&] { return !hash.is_computable() || hash.matches(node.view()); };
  const bool right = co_await offload(system.offload, job);
  if (right) co_return node;
  ++stale_blocks;
  change([&](Index& all) { all.forget_node(hash.encoded()); });
  co_return std::nullopt;
}

Task<BlockReading> BlockStore::State::read(const Multihash& hash, const Index::Extent& place,
                                           Trust trust) {
  BlockExtent where = block_extent(place);
  where.trusted &= trust == Trust::the_look;
  std::shared_ptr<File> file = files.find(place.file);
  const auto job = [&] {
    return read_block(system.storage, where, hash, std::move(file), system.clock.wall_now());
  };
  BlockReading reading = co_await offload(system.offload, job);
  co_return reading;
}

std::vector<Index::Extent> BlockStore::State::extents(const Multihash& hash) {
  return extents(hash, kExtentsTried);
}

std::vector<Index::Extent> BlockStore::State::extents(const Multihash& hash, std::size_t most) {
  auto out = with_index([&](Index& all) { return all.extents(hash.encoded(), most); });
  for (Index::Extent& extent : out) extent.path = moves.where_now(std::move(extent.path));
  return out;
}

bool BlockStore::State::has_moved(const Multihash& hash, const Index::Extent& place) {
  return std::ranges::any_of(extents(hash), [&](const Index::Extent& now) {
    return now.file == place.file && now.path != place.path;
  });
}

void BlockStore::State::note(const Multihash& hash, const Index::Extent& place,
                             const BlockReading& reading) {
  if (reading.file) {
    files.keep(place.file, reading.file);
    close_files_later();
  }
  if (reading.unreadable) return files.close(place.file);
  if (!reading.right) {
    ++stale_blocks;
    files.close(place.file);
    change([&](Index& all) { all.forget_extent(hash.encoded(), place); });
    return;
  }
  if (!reading.hashed || place.stamp == kNeverTrusted) return;
  const FileStamp stamp = FileStamp::of(reading.look);
  const bool is_new = !place.current || stamp != place.stamp;
  if (is_new && !stamp.is_young(system.clock.wall_now())) {
    change([&](Index& all) { all.renew(place, stamp); });
  }
}

Task<std::optional<SharedBytes>> BlockStore::State::get(Multihash hash, Trust trust) {
  auto node = co_await get_node(hash);
  if (node) co_return node;
  // Once more when a file moved while it was looked for, or a place was forgotten.
  bool again = true;
  std::string missed_in;
  for (int look = 0; again && look < kLooks; ++look) {
    again = false;
    for (const Index::Extent& place : extents(hash)) {
      const BlockReading reading = co_await read(hash, place, trust);
      again |= !reading.right && !reading.unreadable;
      if (!reading.right && has_moved(hash, place)) {
        again = true;
        continue;
      }
      note(hash, place, reading);
      if (reading.right) co_return reading.bytes;
      missed_in = place.path;
    }
  }
  if (!missed_in.empty()) missed.notify(hash, missed_in);
  co_return std::nullopt;
}

Task<std::vector<std::optional<SharedBytes>>> BlockStore::State::get_all(
    std::vector<Multihash> hashes) {
  std::vector<Look> looks;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto found = extents(hashes[i], 1);
    if (!found.empty()) looks.push_back({i, found.front(), files.find(found.front().file)});
  }
  const auto job = [&] { read_all(system, hashes, looks); };
  if (!looks.empty()) co_await offload(system.offload, job);
  std::vector<std::optional<SharedBytes>> out(hashes.size());
  for (Look& look : looks) {
    if (!look.reading.right) continue;
    note(hashes[look.number], look.place, look.reading);
    out[look.number] = std::move(look.reading.bytes);
  }
  // The others are no leaves, or not where they were.
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!out[i]) out[i] = co_await get(hashes[i], Trust::the_look);
  }
  co_return out;
}

}  // namespace shoal::content
