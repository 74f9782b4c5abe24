#include "content/store/block_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "content/store/block_store_state.h"
#include "format/dag_pb.h"

namespace shoal::content {

BlockStore::BlockStore(System& system, std::string folder, Persistence persistence) {
  Storage& storage = system.storage;
  folder = storage.absolute(folder);
  if (persistence == Persistence::ephemeral) {
    state_ = std::make_unique<State>(system, folder, persistence);
    return;
  }
  const bool is_new = !storage.info(folder + "/" + kIndexName);
  storage.make_folder(folder);
  state_ = std::make_unique<State>(system, folder, persistence);
  if (!is_new) return;
  // SQLite syncs what is in the file, not that it has a name.
  storage.sync_names(folder);
  storage.sync_names(folder.substr(0, std::max<std::size_t>(folder.rfind('/'), 1)));
}

BlockStore::~BlockStore() {
  try {
    state_->commit();
  } catch (const std::exception& error) {
    log_warning("{}", error.what());
  }
}

std::string BlockStore::home() const {
  return state_->path.substr(0, state_->path.rfind('/'));
}

const std::string& BlockStore::damaged() const {
  return state_->damaged;
}

bool BlockStore::has(const Multihash& hash) {
  return size(hash).has_value();
}

std::optional<std::uint64_t> BlockStore::size(const Multihash& hash) {
  return state_->with_index([&](Index& index) { return index.size(hash.encoded()); });
}

std::optional<std::vector<BlockStore::HeldIn>> BlockStore::where(const Multihash& hash) {
  std::vector<HeldIn> out;
  if (state_->with_index([&](Index& index) { return index.has_node(hash.encoded()); })) return out;
  for (const Index::Extent& place : state_->extents(hash)) {
    if (place.current) out.push_back({place.file, place.path, place.stamp});
  }
  if (out.empty()) return std::nullopt;
  return out;
}

Task<std::optional<SharedBytes>> BlockStore::get(Multihash hash) {
  return state_->get(std::move(hash), Trust::the_look);
}

Task<std::optional<SharedBytes>> BlockStore::get_hashed(Multihash hash) {
  return state_->get(std::move(hash), Trust::nothing);
}

Task<std::optional<SharedBytes>> BlockStore::get_node(Multihash hash) {
  return state_->get_node(std::move(hash));
}

Task<std::vector<std::optional<SharedBytes>>> BlockStore::get_all(std::vector<Multihash> hashes) {
  return state_->get_all(std::move(hashes));
}

/// A commit writes every page that changed since the last: not for each node of a tree of many
/// small files, whose extents are committed within a second.
void BlockStore::put(const Multihash& hash, ByteView bytes) {
  if (state_->uncommitted_extents >= State::kPlacesPerPut) return put_later(hash, bytes);
  state_->with_index([&](Index& index) {
    index.put_node(hash.encoded(), bytes);
    index.commit();
  });
  state_->uncommitted_extents = 0;
  state_->begin_checkpoint();
}

void BlockStore::put_later(const Multihash& hash, ByteView bytes) {
  state_->change([&](Index& index) { index.put_node(hash.encoded(), bytes); });
}

Task<void> BlockStore::keep_pace() {
  return state_->keep_pace();
}

FileId BlockStore::add_file(std::string_view path, const FileStamp& stamp) {
  state_->moves.finish_at(path);
  const FileId file = state_->change([&](Index& index) { return index.add_file(path, stamp); });
  state_->last_file = std::max(state_->last_file, file);
  return file;
}

void BlockStore::restamp(FileId file, const FileStamp& stamp) {
  state_->change([&](Index& index) { index.set_stamp(file, stamp); });
}

void BlockStore::put_extent(const Multihash& hash, FileId file, std::uint64_t offset,
                            std::uint64_t length, const ExtentFrame& frame) {
  SHOAL_CHECK(length <= kMaxBlockBytes);
  SHOAL_CHECK(frame.before.size() <= ExtentFrame::kMaxBytes);
  SHOAL_CHECK(frame.after.size() <= ExtentFrame::kMaxBytes);
  state_->change(
      [&](Index& index) { index.put_extent(hash.encoded(), file, offset, length, frame); });
}

Task<void> BlockStore::moved(std::string from, std::string to) {
  return state_->moves.move(std::move(from), std::move(to));
}

void BlockStore::restamp_renamed(std::string_view path, const FileInfo& before,
                                 const FileInfo& after) {
  const FileStamp stamp = FileStamp::of(after);
  FileStamp expected = FileStamp::of(before);
  expected.ctime_ns = stamp.ctime_ns;
  if (stamp != expected) return;
  state_->moves.finish_at(path);
  state_->change([&](Index& index) {
    const auto file = index.find_file(path);
    if (file && file->stamp == FileStamp::of(before)) index.set_stamp(file->id, stamp);
  });
}

void BlockStore::forget_file(FileId file) {
  state_->files.close(file);
  state_->change([&](Index& index) { index.forget_file(file); });
}

std::uint64_t BlockStore::forget_path(std::string_view path) {
  state_->files.close_all();
  state_->moves.finish_at(path);
  std::uint64_t files = 0;
  const auto forget_some = [&](Index& index) { return index.forget_below(path, Index::kAll); };
  while (const std::uint64_t some = state_->change(forget_some)) files += some;
  return files;
}

std::uint64_t BlockStore::forget_all() {
  state_->files.close_all();
  return state_->change([](Index& index) { return index.forget_all(); });
}

Task<std::uint64_t> BlockStore::forget_tree(Cid root) {
  std::set<FileId> files;
  std::set<Multihash> seen;
  std::vector<Cid> unread{std::move(root)};
  while (!unread.empty()) {
    const Cid cid = std::move(unread.back());
    unread.pop_back();
    if (!seen.insert(cid.hash()).second) continue;
    for (const Index::Extent& place : state_->extents(cid.hash())) files.insert(place.file);
    if (!cid.is(Codec::dag_pb)) continue;
    const auto node = co_await get_node(cid.hash());
    if (!node) continue;
    for (const DagPbLinkView& link : decode_dag_pb(node->view()).links) unread.push_back(link.cid);
    state_->change([&](Index& index) { index.forget_node(cid.hash().encoded()); });
  }
  for (const FileId file : files) forget_file(file);
  co_return files.size();
}

void BlockStore::take_over(const std::string& folder) {
  state_->moves.finish_all();
  state_->with_index([&](Index& index) { index.take_over(folder + "/" + kIndexName); });
}

std::optional<BlockStore::Imported> BlockStore::imported(std::string_view path,
                                                         const FileStamp& stamp,
                                                         std::string_view profile) {
  state_->moves.finish_at(path);
  return state_->with_index([&](Index& index) -> std::optional<Imported> {
    const auto file = index.find_file(path);
    if (!file || file->stamp != stamp) return std::nullopt;
    return index.imported(file->id, profile);
  });
}

void BlockStore::set_imported(FileId file, std::string_view profile, const Imported& imported) {
  state_->change([&](Index& index) { index.set_imported(file, profile, imported); });
}

void BlockStore::commit() {
  state_->commit();
  if (state_->lost.empty()) return;
  throw Error(ErrorCode::io,
              "the index lost what was not committed yet: " + std::exchange(state_->lost, {}),
              state_->path, "run the same command again");
}

Task<void> BlockStore::stop() {
  co_await state_->tasks.stop();
  state_->commit();
  co_await state_->close();
}

std::uint64_t BlockStore::stale_blocks() const {
  return state_->stale_blocks;
}

Subscription BlockStore::when_missed(Missed callback) {
  return state_->missed.add(std::move(callback));
}

std::uint64_t BlockStore::index_bytes() {
  std::uint64_t bytes = 0;
  for (const char* suffix : {"", kIndexWalSuffix}) {
    if (const auto info = state_->system.storage.info(state_->path + suffix)) bytes += info->size;
  }
  return bytes;
}

}  // namespace shoal::content
