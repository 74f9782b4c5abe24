#include "content/store/block_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "content/store/file_blocks.h"
#include "content/store/memory_index.h"
#include "content/store/sqlite_index.h"
#include "format/dag_pb.h"
#include "system/offload.h"
#include "system/task_group.h"

namespace shoal::content {

namespace {

constexpr Duration kCommitAfter = 1s;
/// Places in one transaction: enough that adding many is cheap.
constexpr std::size_t kPlacesPerCommit = 10'000;
/// Of one block, at a time; others are looked for when all of these were forgotten.
constexpr std::size_t kPlacesTried = 8;
constexpr int kLooks = 8;
/// Files not read for so long are closed, so that a deleted one's room comes back.
constexpr Duration kCloseFilesAfter = 10s;
/// A file that looks as it did when a block was verified is not always unchanged.
enum class Trust { the_look, nothing };
/// Damaged indexes that are kept under names of their own.
constexpr int kMostDamaged = 1000;

BlockPlace block_place(const Index::Place& place) {
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
  Index::Place place;
  std::shared_ptr<File> file;
  BlockReading reading{};
};

void read_all(System& system, const std::vector<Multihash>& hashes, std::vector<Look>& looks) {
  for (std::size_t i = 0; i < looks.size(); ++i) {
    Look& look = looks[i];
    const bool is_same = i > 0 && looks[i - 1].place.file == look.place.file;
    if (!look.file && is_same) look.file = looks[i - 1].reading.file;
    look.reading = read_block(system.storage, block_place(look.place), hashes[look.number],
                              std::move(look.file), system.clock.wall_now());
  }
}

}  // namespace

struct BlockStore::State {
  State(System& the_system, std::string folder, Persistence the_persistence)
      : system(the_system),
        persistence(the_persistence),
        path(std::move(folder) + "/" + kIndexName),
        tasks(system.waits, "block store") {
    open();
  }

  /// Does `call` with the index; once more with a fresh one if it turns out to be damaged.
  template <class Call>
  auto with_index(Call call) {
    if (!index) open();
    const bool pending = index->has_changes();
    try {
      return call(*index);
    } catch (const DamagedDatabase& damage) {
      set_aside(damage);
    } catch (const Error& error) {
      // SQLite takes all of a transaction back when it cannot go on.
      if (pending && !index->has_changes()) lost = error.message();
      if (index->sync_failed()) {
        lost = error.message();
        index.reset();
      }
      throw;
    }
    open();
    return call(*index);
  }

  /// The same for a change that may wait a second for its commit.
  template <class Call>
  auto change(Call call) {
    commit_later();
    return with_index(std::move(call));
  }

  void open();
  void set_aside(const DamagedDatabase& damage);
  void commit();
  void commit_later();
  void close_files_later();
  Task<void> commit_after_a_while();
  Task<void> close_files_when_idle();
  Task<std::optional<SharedBytes>> get_node(Multihash hash);
  std::vector<Index::Place> places(const Multihash& hash);
  bool has_moved(const Multihash& hash, const Index::Place& place);
  Task<std::optional<SharedBytes>> get(Multihash hash, Trust trust);
  Task<std::vector<std::optional<SharedBytes>>> get_all(std::vector<Multihash> hashes);
  Task<BlockReading> read(const Multihash& hash, const Index::Place& place, Trust trust);
  void note(const Multihash& hash, const Index::Place& place, const BlockReading& reading);

  System& system;
  const Persistence persistence;
  std::string path;
  std::string damaged;
  std::unique_ptr<Index> index;
  FileId last_file = 0;
  OpenFiles files;
  TimePoint files_used;
  bool close_pending = false;
  bool commit_pending = false;
  std::size_t uncommitted_places = 0;
  std::uint64_t stale_blocks = 0;
  Subscribers<const Multihash&, const std::string&> missed;
  std::string lost;  // why changes went that were not committed yet; empty: none did
  TaskGroup tasks;
};

void BlockStore::State::open() {
  if (persistence == Persistence::ephemeral) {
    index = std::make_unique<MemoryIndex>();
    return;
  }
  try {
    index = std::make_unique<SqliteIndex>(system, path, last_file);
    return;
  } catch (const DamagedDatabase& damage) {
    set_aside(damage);
  }
  index = std::make_unique<SqliteIndex>(system, path, last_file);
}

void BlockStore::State::set_aside(const DamagedDatabase& damage) {
  index.reset();
  files.close_all();
  Storage& storage = system.storage;
  for (int n = 1; n <= kMostDamaged; ++n) {
    const std::string aside = fmt::format("{}.damaged-{}", path, n);
    if (storage.info(aside) || storage.info(aside + kIndexWalSuffix)) continue;
    if (storage.info(path + kIndexWalSuffix)) {
      storage.rename(path + kIndexWalSuffix, aside + kIndexWalSuffix, false);
    }
    if (storage.info(path)) storage.rename(path, aside, false);
    log_warning("{}; moved to {}", damage.what(), aside);
    damaged = aside;
    return;
  }
  throw Error(ErrorCode::io, "too many damaged indexes lie there", path,
              "remove those whose names end in .damaged-N");
}

void BlockStore::State::commit() {
  uncommitted_places = 0;
  with_index([](Index& all) { all.commit(); });
}

void BlockStore::State::commit_later() {
  if (persistence == Persistence::ephemeral) return;
  if (++uncommitted_places >= kPlacesPerCommit) commit();
  if (commit_pending || tasks.stopping()) return;
  commit_pending = true;
  tasks.spawn(commit_after_a_while());
}

Task<void> BlockStore::State::commit_after_a_while() {
  co_await system.clock.sleep_for(kCommitAfter);
  commit_pending = false;
  try {
    commit();
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

void BlockStore::State::close_files_later() {
  files_used = system.clock.now();
  if (close_pending || tasks.stopping()) return;
  close_pending = true;
  tasks.spawn(close_files_when_idle());
}

Task<void> BlockStore::State::close_files_when_idle() {
  while (system.clock.now() < files_used + kCloseFilesAfter) {
    co_await system.clock.sleep_until(files_used + kCloseFilesAfter);
  }
  files.close_all();
  close_pending = false;
}

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

Task<BlockReading> BlockStore::State::read(const Multihash& hash, const Index::Place& place,
                                           Trust trust) {
  BlockPlace where = block_place(place);
  where.trusted &= trust == Trust::the_look;
  std::shared_ptr<File> file = files.find(place.file);
  const auto job = [&] {
    return read_block(system.storage, where, hash, std::move(file), system.clock.wall_now());
  };
  BlockReading reading = co_await offload(system.offload, job);
  co_return reading;
}

std::vector<Index::Place> BlockStore::State::places(const Multihash& hash) {
  return with_index([&](Index& all) { return all.places(hash.encoded(), kPlacesTried); });
}

bool BlockStore::State::has_moved(const Multihash& hash, const Index::Place& place) {
  return std::ranges::any_of(places(hash), [&](const Index::Place& now) {
    return now.file == place.file && now.path != place.path;
  });
}

void BlockStore::State::note(const Multihash& hash, const Index::Place& place,
                             const BlockReading& reading) {
  if (reading.file) {
    files.keep(place.file, reading.file);
    close_files_later();
  }
  if (reading.unreadable) return files.close(place.file);
  if (!reading.right) {
    ++stale_blocks;
    files.close(place.file);
    change([&](Index& all) { all.forget_place(hash.encoded(), place); });
    return;
  }
  if (!reading.hashed || place.stamp == kNeverTrusted) return;
  const FileStamp stamp = FileStamp::of(reading.look);
  const bool is_new = !place.current || stamp != place.stamp;
  if (is_new && !stamp.is_young(system.clock.wall_now())) {
    change([&](Index& all) { all.renew(place, stamp); });
  }
}

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
  for (const Index::Place& place : state_->places(hash)) {
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

Task<std::optional<SharedBytes>> BlockStore::State::get(Multihash hash, Trust trust) {
  auto node = co_await get_node(hash);
  if (node) co_return node;
  // Once more when a file moved while it was looked for, or a place was forgotten.
  bool again = true;
  std::string missed_in;
  for (int look = 0; again && look < kLooks; ++look) {
    again = false;
    for (const Index::Place& place : places(hash)) {
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

Task<std::vector<std::optional<SharedBytes>>> BlockStore::get_all(std::vector<Multihash> hashes) {
  return state_->get_all(std::move(hashes));
}

Task<std::vector<std::optional<SharedBytes>>> BlockStore::State::get_all(
    std::vector<Multihash> hashes) {
  std::vector<Look> looks;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto found = with_index([&](Index& all) { return all.places(hashes[i].encoded(), 1); });
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

void BlockStore::put(const Multihash& hash, ByteView bytes) {
  state_->with_index([&](Index& index) {
    index.put_node(hash.encoded(), bytes);
    index.commit();
  });
  state_->uncommitted_places = 0;
}

void BlockStore::put_later(const Multihash& hash, ByteView bytes) {
  state_->change([&](Index& index) { index.put_node(hash.encoded(), bytes); });
}

FileId BlockStore::add_file(std::string_view path, const FileStamp& stamp) {
  const FileId file = state_->change([&](Index& index) { return index.add_file(path, stamp); });
  state_->last_file = std::max(state_->last_file, file);
  return file;
}

void BlockStore::restamp(FileId file, const FileStamp& stamp) {
  state_->change([&](Index& index) { index.set_stamp(file, stamp); });
}

void BlockStore::put_place(const Multihash& hash, FileId file, std::uint64_t offset,
                           std::uint64_t length, const PlaceFrame& frame) {
  SHOAL_CHECK(length <= kMaxBlockBytes);
  SHOAL_CHECK(frame.before.size() <= PlaceFrame::kMaxBytes);
  SHOAL_CHECK(frame.after.size() <= PlaceFrame::kMaxBytes);
  state_->change(
      [&](Index& index) { index.put_place(hash.encoded(), file, offset, length, frame); });
}

void BlockStore::moved(std::string_view from, std::string_view to) {
  state_->change([&](Index& index) { index.move_files(from, to); });
}

void BlockStore::restamp_renamed(std::string_view path, const FileInfo& before,
                                 const FileInfo& after) {
  const FileStamp stamp = FileStamp::of(after);
  FileStamp expected = FileStamp::of(before);
  expected.ctime_ns = stamp.ctime_ns;
  if (stamp != expected) return;
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
  return state_->change([&](Index& index) { return index.forget_below(path); });
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
    for (const Index::Place& place : state_->places(cid.hash())) files.insert(place.file);
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
  state_->with_index([&](Index& index) { index.take_over(folder + "/" + kIndexName); });
}

std::optional<BlockStore::Imported> BlockStore::imported(std::string_view path,
                                                         const FileStamp& stamp,
                                                         std::string_view profile) {
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
