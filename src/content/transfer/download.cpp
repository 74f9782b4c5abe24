#include "content/transfer/download.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "content/local_block.h"
#include "content/transfer/file_compare.h"
#include "format/name_check.h"
#include "system/offload.h"
#include "system/task_group.h"

namespace shoal::content {

namespace {

// How much of the work a loss of power may take.
constexpr Duration kSyncEvery = 2s;
constexpr std::size_t kTagCharacters = 8;
constexpr std::string_view kPartialSuffix = ".shoal";

/// Beside the target, hidden, and for this content alone.
std::string partial_name(const std::string& name, const Cid& cid) {
  const std::string text = cid.to_string();
  const std::string tag = text.substr(text.size() - kTagCharacters);
  const std::size_t added = 2 + kTagCharacters + kPartialSuffix.size();
  const std::string_view kept = std::string_view(name).substr(0, kMaxEntryNameBytes - added);
  return "." + std::string(kept) + "." + tag + std::string(kPartialSuffix);
}

std::string join(std::string_view folder, std::string_view path) {
  if (path.empty()) return std::string(folder);
  return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

FileStamp stamp_of(const FileInfo& info) {
  return {
      .size = info.size, .mtime_ns = info.mtime.time_since_epoch().count(), .inode = info.inode};
}

/// The nearest time that can be told: anybody may claim any year.
WallTime to_wall(const UnixfsTime& time) {
  constexpr std::int64_t kMost = std::chrono::floor<std::chrono::seconds>(Duration::max()).count();
  if (time.seconds >= kMost) return WallTime::max();
  if (time.seconds <= -kMost) return WallTime::min();
  return WallTime(std::chrono::seconds(time.seconds) + std::chrono::nanoseconds(time.nanos));
}

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// Zeros are not written into a hole: sparse files stay sparse.
void write_sparsely(File& file, std::uint64_t offset, ByteView bytes) {
  if (!bytes.empty() && bytes.front() == 0 && all_zero(bytes)) {
    const auto data = file.next_data(offset);
    if (!data || *data >= offset + bytes.size()) return;
  }
  file.write_at(offset, bytes);
}

bool is_folder(Folder& folder, const std::string& path) {
  const auto there = folder.info(path);
  return there && there->kind == FileKind::folder;
}

/// Whether a partial tree has something of this kind at a path. Anything else is removed; what its
/// owner could not go on with, since its mode was set already, is opened up again.
bool make_way(Folder& folder, const std::string& at, FileKind kind) {
  const auto there = folder.info(at);
  if (!there) return false;
  if (there->kind != kind) {
    folder.remove_tree(at);
    return false;
  }
  const std::uint32_t needed = kind == FileKind::folder ? 0700 : 0600;
  const bool usable = kind == FileKind::symlink || (there->mode & needed) == needed;
  if (!usable) folder.set_mode(at, there->mode | needed);
  return true;
}

Error differs(const std::string& path) {
  return Error(ErrorCode::exists, "something else is there already", path,
               "choose another place with -o, or replace it with --force");
}

/// Finds out whether a tree on the disk is the one that a walk describes, changing nothing.
class Comparison final : public TreeSink {
 public:
  Comparison(System& system, Folder& folder, std::string root)
      : system_(system), folder_(folder), root_(std::move(root)) {}

  std::uint64_t hashed_bytes() const { return hashed_bytes_; }
  std::uint64_t names_seen() const { return names_seen_; }

  Task<void> begin_folder(std::string path) override {
    const auto info = folder_.info(join(root_, path));
    if (!info || info->kind != FileKind::folder) throw differs(path);
    if (!path.empty()) ++names_seen_;
    co_return;
  }
  Task<void> end_folder(std::string, UnixfsMetadata) override { co_return; }
  Task<void> symlink(std::string path, std::string target, UnixfsMetadata) override {
    const auto info = folder_.info(join(root_, path));
    if (!info || info->kind != FileKind::symlink) throw differs(path);
    if (folder_.read_link(join(root_, path)) != target) throw differs(path);
    ++names_seen_;
    co_return;
  }
  Task<std::optional<std::uint64_t>> holds_file(std::string path, Cid cid) override {
    const auto info = folder_.info(join(root_, path));
    if (!info || info->kind != FileKind::file || info->size > kMaxBlockBytes) throw differs(path);
    TreeFile file;
    file.path = path;
    file.file = folder_.open(join(root_, path), Access::read);
    co_await holds(file, std::move(cid), 0, info->size);
    ++names_seen_;
    co_return info->size;
  }
  Task<void> small_file(std::string path, Cid, SharedBytes) override {
    throw differs(path);
    co_return;
  }
  Task<void> begin_file(TreeFile& file) override {
    const auto info = folder_.info(join(root_, file.path));
    if (!info || info->kind != FileKind::file || info->size != file.size) throw differs(file.path);
    file.file = folder_.open(join(root_, file.path), Access::read);
    ++names_seen_;
    co_return;
  }
  Task<bool> holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) override {
    const auto look = [&] { return look_at_place(*file.file, cid, offset, length); };
    const PlaceLook seen = co_await offload(system_.offload, look);
    hashed_bytes_ += seen.hashed_bytes;
    // A dag-pb node that is no leaf matches nothing here, and its parts are still to come.
    if (!seen.matches && cid.is(Codec::raw)) throw differs(file.path);
    co_return seen.matches;
  }
  Task<void> content(TreeFile& file, std::uint64_t offset, SharedBytes bytes, const Cid*) override {
    Bytes there(bytes.size());
    const auto read = [&] { return file.file->read_at(offset, there); };
    const std::size_t got = co_await offload(system_.offload, read);
    if (got != there.size() || !equal(there, bytes.view())) throw differs(file.path);
  }
  Task<void> end_file(TreeFile&) override { co_return; }

 private:
  System& system_;
  Folder& folder_;
  const std::string root_;
  std::uint64_t hashed_bytes_ = 0;
  std::uint64_t names_seen_ = 0;
};

/// Names below a folder, following no link.
std::uint64_t count_names(Folder& folder, const std::string& root) {
  std::uint64_t out = 0;
  std::vector<std::string> left = {root};
  while (!left.empty()) {
    const std::string path = std::move(left.back());
    left.pop_back();
    for (const FolderEntry& entry : folder.list(path)) {
      ++out;
      if (entry.kind == FileKind::folder) left.push_back(join(path, entry.name));
    }
  }
  return out;
}

}  // namespace

Download::Download(System& system, BlockStore& store, Bitswap& bitswap, Session& session, Cid root,
                   Place place)
    : system_(system),
      store_(store),
      bitswap_(bitswap),
      session_(session),
      root_(std::move(root)),
      place_(std::move(place)),
      path_(join(place_.folder, place_.name)),
      partial_name_(partial_name(place_.name, root_)),
      folder_(system.storage.confined(place_.folder)) {}

Download::~Download() = default;

Task<void> Download::run() {
  if (co_await already_complete()) co_return;
  unclaimed_bytes_ = folder_->free_bytes();
  co_await learn_size();
  // A root that is a leaf is held only at the end.
  if (when_root_held_ && !root_.is(Codec::raw)) when_root_held_();
  co_await check_space();
  resuming_ = folder_->info(partial_name_).has_value();
  walk_ = std::make_unique<TreeWalk>(system_, *this, *this, WalkLimits{});
  TaskGroup syncing(system_.waits, "sync");
  syncing.spawn(sync_now_and_then());
  std::exception_ptr failure;
  try {
    co_await walk_->run(root_);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await syncing.stop();
  if (failure) std::rethrow_exception(failure);
  if (when_root_held_ && root_.is(Codec::raw)) when_root_held_();
  co_await take_name();
}

Task<void> Download::sync_now_and_then() {
  while (true) {
    co_await system_.clock.sleep_for(kSyncEvery);
    if (!std::exchange(unsynced_, false)) continue;
    const auto sync = [this] { folder_->sync_all(); };
    co_await offload(system_.offload, sync);
    store_.commit();
  }
}

DownloadCounts Download::counts() const {
  DownloadCounts out;
  if (walk_) {
    const WalkCounts& walked = walk_->counts();
    out.blocks = walked.blocks;
    out.blocks_resumed = walked.blocks_on_disk + found_in_store_;
    out.files = walked.files;
    out.content_bytes = walked.content_bytes;
    out.done_bytes = walked.done_bytes;
  }
  out.hashed_bytes = hashed_bytes_;
  return out;
}

/// What is at the place already is left alone: it is the content, or the user decides.
Task<bool> Download::already_complete() {
  const auto there = folder_->info(place_.name);
  if (!there) co_return false;
  Comparison comparison(system_, *folder_, place_.name);
  comparing_ = true;
  walk_ = std::make_unique<TreeWalk>(system_, *this, comparison, WalkLimits{});
  bool same = true;
  try {
    co_await walk_->run(root_);
    same = there->kind != FileKind::folder ||
           count_names(*folder_, place_.name) == comparison.names_seen();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::exists) throw;
    same = false;
  }
  comparing_ = false;
  hashed_bytes_ += comparison.hashed_bytes();
  if (same) co_return true;
  if (!place_.replace) throw differs(path_);
  walk_.reset();
  found_in_store_ = 0;
  co_return false;
}

Task<void> Download::learn_size() {
  if (root_.is(Codec::raw)) co_return;
  const SharedBytes block = co_await node(root_);
  --found_in_store_;  // the walk will count it
  const UnixfsNode root = describe_node(root_, block.view());
  if (const auto* file = std::get_if<FileNode>(&root.kind)) {
    expected_bytes_ = file->length;
    co_return;
  }
  const auto add = [this](const DagPbLink& link) {
    expected_bytes_ += std::min(link.tsize, ~std::uint64_t{0} - expected_bytes_);
  };
  if (const auto* folder = std::get_if<DirectoryNode>(&root.kind)) {
    std::ranges::for_each(folder->entries, add);
  } else if (const auto* shard = std::get_if<ShardNode>(&root.kind)) {
    for (const ShardEntry& entry : shard->entries) add(entry.link);
    for (const ShardEntry& child : shard->children) add(child.link);
  }
}

Task<void> Download::check_space() {
  const std::uint64_t free = folder_->free_bytes();
  // What a partial file already takes is not known exactly, so a resumed one is given the chance.
  if (expected_bytes_ <= free || folder_->info(partial_name_)) co_return;
  throw Error(ErrorCode::io,
              "not enough space: " + std::to_string(expected_bytes_) + " bytes needed, " +
                  std::to_string(free) + " free",
              place_.folder, "make room, or choose another place with -o");
}

Task<void> Download::take_name() {
  const auto finish = [this] {
    folder_->sync_all();
    // Only a file can take another's name in one step.
    const bool either = is_folder(*folder_, place_.name) || is_folder(*folder_, partial_name_);
    if (place_.replace && either) folder_->remove_tree(place_.name);
    folder_->rename(partial_name_, place_.name, place_.replace);
    folder_->sync_names("");
  };
  co_await offload(system_.offload, finish);
  store_.moved(join(place_.folder, partial_name_), path_);
  store_.commit();
}

std::string Download::partial(std::string_view path) const {
  return join(partial_name_, path);
}

Task<void> Download::begin_folder(std::string path) {
  const std::string at = partial(path);
  const auto make = [this, &at] {
    if (resuming_) make_way(*folder_, at, FileKind::folder);
    folder_->make_folder(at);
  };
  co_await offload(system_.offload, make);
}

Task<void> Download::end_folder(std::string path, UnixfsMetadata metadata) {
  if (metadata.empty()) co_return;
  const std::string at = partial(path);
  const auto set = [this, &at, &metadata] {
    // The owner must still be able to rename and remove what is in it.
    if (metadata.mode) folder_->set_mode(at, (*metadata.mode & 0777) | 0700);
    if (metadata.mtime) folder_->set_mtime(at, to_wall(*metadata.mtime));
  };
  co_await offload(system_.offload, set);
}

Task<void> Download::symlink(std::string path, std::string target, UnixfsMetadata metadata) {
  const std::string at = partial(path);
  const auto make = [&] {
    const bool there = resuming_ && make_way(*folder_, at, FileKind::symlink);
    const bool same = there && folder_->read_link(at) == target;
    if (!same) {
      folder_->remove(at);
      folder_->make_link(target, at);
    }
    if (metadata.mtime) folder_->set_mtime(at, to_wall(*metadata.mtime));
  };
  co_await offload(system_.offload, make);
}

Task<std::optional<std::uint64_t>> Download::holds_file(std::string path, Cid cid) {
  if (!resuming_) co_return std::nullopt;
  const std::string at = partial(path);
  std::uint64_t size = 0;
  const auto look = [&]() -> PlaceLook {
    const auto info = folder_->info(at);
    if (!info || info->kind != FileKind::file || info->size > kMaxBlockBytes) return {};
    size = info->size;
    const auto file = folder_->open(at, Access::read);
    return look_at_place(*file, cid, 0, size);
  };
  const PlaceLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return std::nullopt;
  co_return size;
}

Task<void> Download::small_file(std::string path, Cid cid, SharedBytes bytes) {
  const std::string at = partial(path);
  FileStamp stamp;
  const auto write = [&] {
    if (resuming_) make_way(*folder_, at, FileKind::file);
    const auto file = folder_->open(at, Access::create);
    file->truncate(bytes.size());
    file->write_at(0, bytes.view());
    stamp = stamp_of(file->info());
  };
  co_await offload(system_.offload, write);
  unsynced_ = true;
  const FileId id = store_.add_file(join(place_.folder, at), stamp);
  store_.put_place(cid.hash(), id, 0, bytes.size());
  bitswap_.offer(cid.hash());
}

/// Holes cost a hostile sender nothing: neither a file that claims to be endless zeros nor a
/// million that claim all there is room for must keep the walk busy for ever.
void Download::claim_space(const TreeFile& file) {
  if (file.resumed) return;
  if (file.size > unclaimed_bytes_) {
    throw Error(ErrorCode::io,
                "not enough space for a file of " + std::to_string(file.size) + " bytes", file.path,
                "make room, or choose another place with -o");
  }
  unclaimed_bytes_ -= file.size;
}

Task<void> Download::begin_file(TreeFile& file) {
  const std::string at = partial(file.path);
  FileStamp stamp;
  const auto prepare = [&] { file.resumed = resuming_ && make_way(*folder_, at, FileKind::file); };
  co_await offload(system_.offload, prepare);
  claim_space(file);
  const auto open = [&] {
    file.file = folder_->open(at, Access::create);
    file.file->truncate(file.size);
    stamp = stamp_of(file.file->info());
  };
  co_await offload(system_.offload, open);
  file.store_id = store_.add_file(join(place_.folder, at), stamp);
}

/// Whether a leaf is known to be nothing but zeros. Only chunk sizes are looked into: they repeat.
bool Download::is_zeros(const Cid& cid, std::uint64_t length) {
  if (!cid.is(Codec::raw) || !std::has_single_bit(length) || length > kMaxBlockBytes) return false;
  const auto [found, fresh] = zeros_.try_emplace(length, cid.hash());
  if (fresh) found->second = Multihash::sha2_256(Bytes(static_cast<std::size_t>(length)));
  return found->second == cid.hash();
}

Task<bool> Download::holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) {
  if (!file.resumed && is_zeros(cid, length)) co_return true;  // a fresh file is one hole
  if (!file.resumed) co_return false;
  const auto look = [&] { return look_at_place(*file.file, cid, offset, length); };
  const PlaceLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return false;
  if (cid.is(Codec::raw)) store_.put_place(cid.hash(), file.store_id, offset, length);
  co_return true;
}

Task<void> Download::content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                             const Cid* leaf) {
  const auto write = [&] { write_sparsely(*file.file, offset, bytes.view()); };
  co_await offload(system_.offload, write);
  unsynced_ = true;
  if (leaf == nullptr) co_return;
  store_.put_place(leaf->hash(), file.store_id, offset, bytes.size());
  bitswap_.offer(leaf->hash());
}

Task<void> Download::end_file(TreeFile& file) {
  FileStamp stamp;
  const auto finish = [&] {
    if (file.metadata.mode) file.file->set_mode(*file.metadata.mode & 0777);
    if (file.metadata.mtime) file.file->set_mtime(to_wall(*file.metadata.mtime));
    stamp = stamp_of(file.file->info());
    file.file.reset();
  };
  co_await offload(system_.offload, finish);
  store_.restamp(file.store_id, stamp);
}

/// What this machine has already, without asking anybody. A file of an unchanged look need not be
/// unchanged: what goes into another file is always hashed.
Task<std::optional<SharedBytes>> Download::held(Cid cid) {
  std::optional<SharedBytes> found = inline_block(cid);
  if (!found) {
    found = co_await store_.get(cid.hash());
    if (!found) co_return std::nullopt;
    const auto check = [&] { return cid.hash().matches(found->view()); };
    const bool right = co_await offload(system_.offload, check);
    hashed_bytes_ += found->size();
    if (!right) co_return std::nullopt;
  }
  ++found_in_store_;
  co_return found;
}

Task<SharedBytes> Download::node(Cid cid) {
  std::optional<SharedBytes> found = co_await held(cid);
  if (found) co_return std::move(*found);
  const Block block = co_await session_.fetch(cid);
  store_.put(cid.hash(), block.bytes.view());
  bitswap_.offer(cid.hash());
  co_return block.bytes;
}

Task<SharedBytes> Download::leaf(Cid cid) {
  std::optional<SharedBytes> found = co_await held(cid);
  if (found) co_return std::move(*found);
  const Block block = co_await session_.fetch(std::move(cid));
  co_return block.bytes;
}

}  // namespace shoal::content
