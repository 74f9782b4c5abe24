#include "content/transfer/download.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "content/local_block.h"
#include "content/partial_name.h"
#include "content/served/served_tree.h"
#include "content/transfer/file_compare.h"
#include "content/transfer/partial_tree.h"
#include "content/transfer/tree_compare.h"
#include "system/offload.h"
#include "system/task_group.h"

namespace shoal::content {

namespace {

// How much of the work a loss of power may take.
constexpr Duration kSyncEvery = 2s;

std::string_view words_for(FileKind there) {
  switch (there) {
    case FileKind::file:
      return "a different file";
    case FileKind::folder:
      return "a different folder";
    case FileKind::symlink:
      return "a different symlink";
    case FileKind::other:
      break;
  }
  return "something else";
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
      path_(join_path(place_.folder, place_.name)),
      partial_name_(partial_name(place_.name, root_)),
      served_(bitswap.served().open()),
      folder_(system.storage.confined(place_.folder)) {}

Download::~Download() = default;

/// Held by the one who writes into a partial tree.
class Download::Turn {
 public:
  Turn(Storage& storage, Folder& folder, const std::string& folder_path, std::string name)
      : folder_(folder), name_(std::move(name)) {
    try {
      lock_ = storage.lock(join_path(folder_path, name_));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::io) {
        throw Error(ErrorCode::io, error.message(), folder_path,
                    "choose a place to write to with -o, or change the rights of this one");
      }
      if (error.code() != ErrorCode::locked) throw;
      throw Error(ErrorCode::locked, "another download writes there: " + error.message(),
                  folder_path, "wait for its end, or choose another place with -o");
    }
  }
  ~Turn() {
    try {
      folder_.remove(name_);
    } catch (const Error&) {
      // An empty file that stays is in nobody's way.
    }
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Folder& folder_;
  const std::string name_;
  std::unique_ptr<FileLock> lock_;
};

Task<void> Download::run() {
  complete_ = co_await already_complete();
  if (!complete_) {
    const bool absent = !folder_->info(place_.name);
    const Turn turn(system_.storage, *folder_, place_.folder,
                    partial_lock_name(place_.name, root_));
    // Whoever had the turn before may have been faster.
    if (absent && folder_->info(place_.name)) complete_ = co_await already_complete();
    if (!complete_) co_await bring();
    complete_ = true;
  }
  // What was there already has not been seen block by block.
  co_await serve_tree(store_, root_, *served_);
  if (when_root_held_) when_root_held_();
}

Task<void> Download::bring() {
  unclaimed_bytes_ = folder_->free_bytes();
  const bool root_is_kept = co_await learn_size();
  // A root that is a leaf is held only at the end.
  if (when_root_held_ && root_is_kept) std::exchange(when_root_held_, {})();
  co_await check_space();
  resuming_ = folder_->info(partial_name_).has_value();
  walk_ = std::make_unique<TreeWalk>(system_, *this, *this, WalkLimits{});
  TaskGroup syncing(system_.waits, "sync");
  syncing.spawn(sync_now_and_then());
  std::exception_ptr failure;
  try {
    co_await walk_->run(root_);
    finishing_ = true;
  } catch (...) {
    failure = std::current_exception();
  }
  co_await syncing.stop();
  if (failure) std::rethrow_exception(failure);
  if (!sync_failure_.empty()) {
    // A system tells once that it lost what was written, and keeps it in memory as if it were safe.
    throw Error(ErrorCode::io, "the disk may have lost what was written: " + sync_failure_, path_,
                "run the same command again: what is there is looked through, the rest is fetched");
  }
  co_await take_name();
}

Task<void> Download::sync_now_and_then() {
  while (true) {
    co_await system_.clock.sleep_for(kSyncEvery);
    if (!std::exchange(unsynced_, false)) continue;
    try {
      co_await sync();
      store_.commit();
    } catch (const Error& error) {
      if (sync_failure_.empty()) sync_failure_ = error.message();
      unsynced_ = true;
    }
  }
}

Task<void> Download::sync() {
  const auto finished = std::exchange(finished_, {});
  const auto all = [this] { folder_->sync_all(); };
  try {
    co_await offload(system_.offload, all);
  } catch (...) {
    finished_.insert(finished_.begin(), finished.begin(), finished.end());
    throw;
  }
  if (!sync_failure_.empty()) co_return;  // what was lost then is lost
  for (const auto& [file, stamp] : finished) store_.restamp(file, stamp);
}

DownloadCounts Download::counts() const {
  DownloadCounts out;
  if (walk_) {
    const WalkCounts& walked = walk_->counts();
    out.blocks = walked.blocks;
    out.blocks_resumed = walked.blocks_on_disk + found_in_store_ - known_zeros_;
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
  if (there->kind == FileKind::other) {
    throw Error(ErrorCode::io, "neither a file nor a folder nor a symlink is there", path_,
                "choose another place with -o");
  }
  TreeCompare comparison(system_, store_, *folder_, place_.folder, place_.name);
  comparing_ = true;
  walk_ = std::make_unique<TreeWalk>(system_, *this, comparison, WalkLimits{});
  bool same = true;
  try {
    co_await walk_->run(root_);
    const auto look = [&] { return comparison.has_more(); };
    const bool has_more = co_await offload(system_.offload, look);
    same = !has_more;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::exists) throw;
    same = false;
  }
  comparing_ = false;
  hashed_bytes_ += comparison.hashed_bytes();
  if (same) {
    store_.commit();
    co_return true;
  }
  if (!place_.replace) throw differs(path_, words_for(there->kind));
  walk_.reset();
  found_in_store_ = 0;
  known_zeros_ = 0;
  co_return false;
}

Task<bool> Download::learn_size() {
  if (root_.is(Codec::raw)) co_return false;
  const SharedBytes found = co_await block(root_);
  --found_in_store_;  // the walk will count it
  const UnixfsNode root = describe_node(root_, found.view());
  add_sizes(root);
  const auto* file = std::get_if<FileNode>(&root.kind);
  if (file != nullptr && leaf_in(root_, *file, found.view())) {
    root_leaf_ = found;
    co_return false;
  }
  keep(root_, found);
  co_return true;
}

void Download::add_sizes(const UnixfsNode& root) {
  if (const auto* file = std::get_if<FileNode>(&root.kind)) {
    expected_bytes_ = file->length;
    return;
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
  co_await sync();
  const auto make_room = [this] {
    // Only a file can take another's name in one step.
    const bool either = is_folder(*folder_, place_.name) || is_folder(*folder_, partial_name_);
    if (place_.replace && either) folder_->remove_tree(place_.name);
  };
  co_await offload(system_.offload, make_room);
  // In one step, so that whoever is served meanwhile finds things where the index says.
  folder_->rename(partial_name_, place_.name, place_.replace);
  store_.moved(join_path(place_.folder, partial_name_), path_);
  const auto sync_name = [this] { folder_->sync_names(""); };
  co_await offload(system_.offload, sync_name);
  store_.commit();
}

std::string Download::partial(std::string_view path) const {
  return join_path(partial_name_, path);
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
      if (resuming_) folder_->remove(at);
      folder_->make_link(target, at);
    }
    if (metadata.mtime) folder_->set_mtime(at, to_wall(*metadata.mtime));
  };
  co_await offload(system_.offload, make);
}

Task<std::optional<std::uint64_t>> Download::holds_file(std::string path, Cid cid) {
  if (!resuming_) co_return std::nullopt;
  const std::string at = partial(path);
  FileStamp stamp;
  const auto look = [&]() -> PlaceLook {
    const auto info = folder_->info(at);
    if (!info || info->kind != FileKind::file || info->size > kMaxBlockBytes) return {};
    stamp = FileStamp::of(*info);
    const auto file = folder_->open(at, Access::read);
    file->forget_cached();
    return look_at_place(*file, cid, 0, stamp.size);
  };
  const PlaceLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return std::nullopt;
  add_small_file(at, cid, stamp);
  co_return stamp.size;
}

void Download::add_small_file(const std::string& at, const Cid& cid, const FileStamp& stamp) {
  const FileId id = store_.add_file(join_path(place_.folder, at), kNeverTrusted);
  finished_.emplace_back(id, stamp);
  unsynced_ = true;
  store_.put_place(cid.hash(), id, 0, stamp.size);
  serve(cid.hash());
}

Task<void> Download::small_file(std::string path, Cid cid, SharedBytes bytes) {
  const std::string at = partial(path);
  FileStamp stamp;
  const auto write = [&] {
    if (resuming_) make_way(*folder_, at, FileKind::file);
    const auto file = make_file(*folder_, at, resuming_);
    file->truncate(bytes.size());
    file->write_at(0, bytes.view());
    stamp = FileStamp::of(file->info());
  };
  co_await offload(system_.offload, write);
  add_small_file(at, cid, stamp);
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

/// One block that folders within folders name over and over fills a disk for the price of itself;
/// what a folder says of its size costs nothing either, but that was looked at before.
void Download::count_repeated(std::uint64_t bytes) {
  repeated_bytes_ += bytes;
  if (repeated_bytes_ > kSpareRepeatedBytes &&
      repeated_bytes_ - kSpareRepeatedBytes > expected_bytes_) {
    throw Error(ErrorCode::limit, "the tree has far more content than it says", path_);
  }
}

Task<void> Download::begin_file(TreeFile& file) {
  const std::string at = partial(file.path);
  const auto prepare = [&] { file.resumed = resuming_ && make_way(*folder_, at, FileKind::file); };
  co_await offload(system_.offload, prepare);
  claim_space(file);
  const auto open = [&] {
    file.file = make_file(*folder_, at, resuming_);
    file.file->truncate(file.size);
    // The run before may have ended because a sync failed: what is taken over must be on the disk.
    if (file.resumed) file.file->forget_cached();
  };
  co_await offload(system_.offload, open);
  file.store_id = store_.add_file(join_path(place_.folder, at), kNeverTrusted);
}

/// Whether a leaf is known to be nothing but zeros. Only chunk sizes are looked into: they repeat.
bool Download::is_zeros(const Cid& cid, std::uint64_t length) {
  if (!cid.is(Codec::raw) || !std::has_single_bit(length) || length > kMaxBlockBytes) return false;
  const auto [found, fresh] = zeros_.try_emplace(length, cid.hash());
  if (fresh) found->second = Multihash::sha2_256(Bytes(static_cast<std::size_t>(length)));
  return found->second == cid.hash();
}

/// A fresh file is one hole. One place of many tells enough of where there are zeros.
bool Download::hold_zeros(TreeFile& file, const Cid& cid, std::uint64_t offset,
                          std::uint64_t length) {
  ++known_zeros_;
  if ((file.zero_lengths & length) != 0) return true;
  file.zero_lengths |= length;
  add_leaf(file, cid.hash(), offset, length, {});
  return true;
}

void Download::serve(const Multihash& hash) {
  served_->add(hash);
  bitswap_.offer(hash);
}

/// Verified, and there: it can be served.
void Download::add_leaf(const TreeFile& file, const Multihash& hash, std::uint64_t offset,
                        std::uint64_t length, const PlaceFrame& frame) {
  store_.put_place(hash, file.store_id, offset, length, frame);
  serve(hash);
}

Task<bool> Download::holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) {
  if (!file.resumed) co_return is_zeros(cid, length) && hold_zeros(file, cid, offset, length);
  const auto look = [&] { return look_at_place(*file.file, cid, offset, length); };
  const PlaceLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return false;
  add_leaf(file, cid.hash(), offset, length, seen.frame);
  co_return true;
}

Task<void> Download::content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                             const TreeLeaf* leaf) {
  const auto write = [&] { write_sparsely(*file.file, offset, bytes.view()); };
  co_await offload(system_.offload, write);
  unsynced_ = true;
  if (leaf == nullptr) co_return;
  add_leaf(file, leaf->cid.hash(), offset, bytes.size(), leaf->frame);
}

Task<void> Download::end_file(TreeFile& file) {
  FileStamp stamp;
  const auto finish = [&] {
    if (file.metadata.mode) file.file->set_mode(*file.metadata.mode & 0777);
    if (file.metadata.mtime) file.file->set_mtime(to_wall(*file.metadata.mtime));
    stamp = FileStamp::of(file.file->info());
    file.file.reset();
  };
  co_await offload(system_.offload, finish);
  finished_.emplace_back(file.store_id, stamp);
  unsynced_ = true;
}

/// What this machine has already, without asking anybody. A file of an unchanged look need not be
/// unchanged: what goes into another file is always hashed.
Task<std::optional<SharedBytes>> Download::held(Cid cid) {
  std::optional<SharedBytes> found = inline_block(cid);
  if (!found) {
    found = co_await store_.get_hashed(cid.hash());
    if (!found) co_return std::nullopt;
    hashed_bytes_ += found->size();
  }
  ++found_in_store_;
  co_return found;
}

Task<SharedBytes> Download::block(Cid cid) {
  if (root_leaf_ && cid == root_) {
    ++found_in_store_;
    co_return *std::exchange(root_leaf_, std::nullopt);
  }
  std::optional<SharedBytes> found = co_await held(cid);
  if (found && cid.is(Codec::raw)) count_repeated(found->size());
  if (found) co_return std::move(*found);
  const Block fetched = co_await fetch(std::move(cid));
  co_return fetched.bytes;
}

void Download::keep(const Cid& cid, const SharedBytes& block) {
  if (inline_block(cid)) return;
  if (!store_.has(cid.hash())) store_.put(cid.hash(), block.view());
  serve(cid.hash());
}

Task<Block> Download::fetch(Cid cid) {
  if (cid == root_) return session_.fetch_root(std::move(cid));
  return session_.fetch(std::move(cid));
}

}  // namespace shoal::content
