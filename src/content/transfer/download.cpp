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
#include "system/offload.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::content {

namespace {

// How much of the work a loss of power may take.
constexpr Duration kSyncEvery = 2s;

// What is fetched of a tree that will not be placed, for the sake of a better message.
constexpr Duration kNamesTimeout = 5s;

/// Whether the tree itself is why it failed, so that every other run would fail in the same way.
bool never_completes(ErrorCode code) {
  return code == ErrorCode::malformed || code == ErrorCode::limit || code == ErrorCode::unsupported;
}

Bytes block_of(const TreeLeaf& leaf, ByteView content) {
  Bytes out = leaf.frame.before;
  append(out, content);
  append(out, leaf.frame.after);
  return out;
}

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
      served_(bitswap.served().open()),
      umask_(system.storage.umask()) {
  session_.bound_memory();
  move_to(std::move(place));
}

Download::~Download() = default;

void Download::move_to(Place place) {
  place_ = std::move(place);
  path_ = join_path(place_.folder, place_.name);
  partial_name_ = partial_name(place_.name, root_);
  folder_ = system_.storage.confined(place_.folder);
  metadata_.emplace(*folder_, umask_);
}

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
  co_await recover();
  co_await check_replacing();
  complete_ = co_await already_complete();
  const bool absent = !folder_->info(place_.name);
  // With the target complete, a partial tree is what a run that was killed has left.
  if (!complete_ || folder_->info(partial_name_)) co_await place_all(absent);
  complete_ = true;
  // What was there already has not been seen block by block.
  co_await serve_tree(store_, root_, *served_);
  if (when_root_held_) when_root_held_();
  if (not_placed_.count() > 0) throw not_all_placed();
}

Task<void> Download::place_all(bool absent) {
  std::optional<Turn> turn;
  try {
    turn.emplace(system_.storage, *folder_, place_.folder, partial_lock_name(place_.name, root_));
  } catch (const Error&) {
    if (complete_) co_return;
    throw;
  }
  // Whoever had the turn before may have been faster.
  if (absent && folder_->info(place_.name)) complete_ = co_await already_complete();
  std::exception_ptr failure;
  bool is_final = complete_;
  try {
    if (!complete_) co_await bring();
  } catch (const Error& error) {
    failure = std::current_exception();
    is_final = never_completes(error.code());
  }
  if (is_final) co_await remove_partial();
  if (failure) std::rethrow_exception(failure);
}

/// Deletes what no run will go on with.
Task<void> Download::remove_partial() {
  const auto remove = [this] {
    try {
      folder_->remove_tree(partial_name_);
    } catch (const Error&) {
      // It has a name of its own, and is in nobody's way.
    }
  };
  co_await offload(system_.offload, remove);
}

/// Whatever a run that was killed has left while it replaced the target.
Task<void> Download::recover() {
  TargetSwap left = swap();
  const auto look = [&left] { return left.has_leftovers(); };
  const bool needed = co_await offload(system_.offload, look);
  if (!needed) co_return;
  std::optional<Turn> turn;
  try {
    turn.emplace(system_.storage, *folder_, place_.folder, partial_lock_name(place_.name, root_));
  } catch (const Error&) {
    co_return;  // somebody is at it
  }
  const auto work = [&left] { left.recover(); };
  co_await offload(system_.offload, work);
}

/// Before anything is fetched for a place that cannot be taken, and once more before it is.
Task<void> Download::check_replacing() {
  if (!place_.replace) co_return;
  const std::string home = store_.home();
  const auto check = [&] {
    if (!folder_->info(place_.name)) return;
    check_replaceable(system_.storage, *folder_, place_.folder, place_.name, home);
  };
  co_await offload(system_.offload, check);
}

Error Download::not_all_placed() const {
  const std::uint64_t count = not_placed_.count();
  const NotPlaced& first = not_placed_.listed().front();
  return Error(ErrorCode::io,
               count == 1 ? "not placed: " + first.path + " (" + first.reason + ")"
                          : std::to_string(count) + " names cannot be placed on this file system",
               path_,
               "all the rest is there; for these choose another file system with -o, which fetches "
               "nothing twice");
}

Task<void> Download::bring() {
  unclaimed_bytes_ = folder_->free_bytes();
  const bool root_is_kept = co_await learn_size();
  // A root that is a leaf is held only at the end.
  if (when_root_held_ && root_is_kept) std::exchange(when_root_held_, {})();
  co_await check_space();
  resuming_ = folder_->info(partial_name_).has_value();
  walk_ = std::make_unique<TreeWalk>(system_, *this, *this, WalkLimits{.confirmed = place_.limits});
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
    throw Error(ErrorCode::io, "the disk may have lost data: " + sync_failure_, path_,
                "run the same command to resume");
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
  const auto without = [](std::uint64_t& count, std::uint64_t skipped) {
    count -= std::min(count, skipped);
  };
  without(out.blocks, skipped_blocks_);
  without(out.blocks_resumed, skipped_blocks_);
  without(out.files, skipped_files_);
  without(out.content_bytes, skipped_bytes_);
  without(out.done_bytes, skipped_done_);
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
  bool same = known_same_;
  if (!same) same = co_await compare(TreeCompare::Then::names);
  if (same) {
    if (metadata_differs_) co_await apply_metadata();
    store_.commit();
    co_return true;
  }
  if (!place_.replace) throw differs(path_, words_for(there->kind), lost_);
  if (when_replacing_) when_replacing_(lost_);
  co_return false;
}

Task<bool> Download::compare(TreeCompare::Then then) {
  TreeCompare comparison(system_, store_,
                         {.folder = *folder_,
                          .path = place_.folder,
                          .root = place_.name,
                          .trial = trial_name(place_.name, root_),
                          .umask = umask_},
                         then);
  comparing_ = true;
  comparison_ = &comparison;
  // What is on the disk bounds it.
  walk_ =
      std::make_unique<TreeWalk>(system_, *this, comparison, WalkLimits{.bound_repeats = false});
  std::exception_ptr failure;
  try {
    co_await walk_->run(root_);
  } catch (const Error& error) {
    const bool enough =
        error.code() == ErrorCode::exists || (!place_.replace && !never_completes(error.code()));
    if (comparison.same() || !enough) failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  comparison_ = nullptr;
  if (failure) std::rethrow_exception(failure);
  comparing_ = false;
  hashed_bytes_ += comparison.hashed_bytes();
  if (comparison.same()) {
    not_placed_ = comparison.not_placed();
    metadata_differs_ = comparison.metadata_differs();
    skipped_files_ = comparison.skipped_files();
    skipped_blocks_ = comparison.skipped_blocks();
    skipped_bytes_ = skipped_done_ = comparison.skipped_bytes();
    co_return true;
  }
  lost_ = comparison.lost();
  walk_.reset();
  found_in_store_ = found_base_;
  known_zeros_ = 0;
  co_return false;
}

Task<void> Download::apply_metadata() {
  TreeMetadata sink(system_, store_, *folder_, place_.folder, place_.name, *metadata_);
  const std::uint64_t found = found_in_store_;
  TreeWalk walk(system_, *this, sink, WalkLimits{.bound_repeats = false});
  co_await walk.run(root_);
  found_in_store_ = found;
}

Task<bool> Download::is_there() {
  const auto list = [this] {
    return is_folder(*folder_, place_.name) ? FolderNames(folder_->list(place_.name))
                                            : FolderNames();
  };
  FolderNames names = co_await offload(system_.offload, list);
  if (names.size() == 0 || root_.is(Codec::raw)) co_return false;
  // Fetched now, it is none of those that were here before, although the walk will find it here.
  if (!inline_block(root_) && !store_.has(root_.hash())) --found_base_;
  const SharedBytes found = co_await block(root_);
  const UnixfsNode root = describe_node(root_, found.view());
  if (std::holds_alternative<FileNode>(root.kind)) {
    root_leaf_ = found;
  } else {
    keep(root_, found);
  }
  found_in_store_ = found_base_;
  if (const auto* folder = std::get_if<DirectoryNode>(&root.kind)) {
    for (const DagPbLink& entry : folder->entries) names.mark(entry.name);
    if (!names.unmarked().empty()) co_return false;
  } else if (!std::holds_alternative<ShardNode>(root.kind)) {
    co_return false;
  }
  known_same_ = co_await compare(TreeCompare::Then::stop);
  co_return known_same_;
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
  const auto name_content = [this] {
    if (!is_folder(*folder_, partial_name_)) return;
    folder_->set_attribute(partial_name_, kRootAttribute, root_.to_string());
  };
  co_await offload(system_.offload, name_content);
  co_await sync();
  co_await check_replacing();
  const bool replaces = place_.replace && folder_->info(place_.name);
  // In one step, so that whoever is served meanwhile finds things where the index says.
  const auto before = folder_->info(partial_name_);
  TargetSwap placing = swap();
  placing.place(place_.replace);
  store_.moved(join_path(place_.folder, partial_name_), path_);
  const auto after = folder_->info(place_.name);
  if (before && after) store_.restamp_renamed(path_, *before, *after);
  const auto sync_name = [this] { folder_->sync_names(""); };
  co_await offload(system_.offload, sync_name);
  store_.commit();
  if (replaces) co_await remove_old(std::move(placing));
}

Task<void> Download::remove_old(TargetSwap swapped) {
  removed_ = Removed{.lost = lost_, .left = {}, .reason = {}};
  const auto remove = [&swapped] { return swapped.remove_old(); };
  const std::optional<Error> failure = co_await offload(system_.offload, remove);
  if (!failure) co_return;
  removed_->left = join_path(place_.folder, swapped.old());
  removed_->reason = failure->what();
}

std::string Download::partial(std::string_view path) const {
  return join_path(partial_name_, path);
}

bool Download::is_below_unplaced(std::string_view path) const {
  return !path.empty() && unplaced_folders_.contains(folder_of(path));
}

/// Whether an earlier run may have made it. Only under its very name: a disk that does not tell
/// upper from lower case has "Name" where "name" was made.
bool Download::may_be_there(std::string_view path) const {
  if (path.empty()) return resuming_;
  const auto folder = before_.find(folder_of(path));
  return folder != before_.end() && folder->second.has(name_of(path));
}

/// The same, and the walk has come by. What it never comes by is no part of the tree.
bool Download::was_there(const std::string& path) {
  if (path.empty()) return resuming_;
  const auto folder = before_.find(folder_of(path));
  return folder != before_.end() && folder->second.mark(name_of(path));
}

/// For what the file system refuses; throws whatever else it is, and when it is the whole tree.
void Download::not_place(const std::string& path, const Error& error) {
  if (error.code() != ErrorCode::unsupported) throw Error(error);
  if (path.empty()) {
    throw Error(ErrorCode::io, error.message(), path_, "choose another place with -o");
  }
  not_placed_.add(path, error.message());
}

void Download::skip_file(TreeFile& file) {
  file.skipped = true;
  ++skipped_files_;
  skipped_bytes_ += file.size;
}

void Download::keep_unplaced(const Multihash& hash, ByteView block) {
  kept_unplaced_ += block.size();
  if (kept_unplaced_ <= kKeptUnplacedBytes) store_.put_later(hash, block);
}

Task<void> Download::begin_folder(std::string path) {
  if (is_below_unplaced(path)) {
    unplaced_folders_.insert(std::move(path));
    co_return;
  }
  const std::string at = partial(path);
  const bool may_be_there = was_there(path);
  const auto make = [&]() -> std::optional<FolderNames> {
    if (may_be_there && make_way(*folder_, at, FileKind::folder)) {
      return FolderNames(folder_->list(at));
    }
    make_new_folder(*folder_, at);
    return std::nullopt;
  };
  try {
    std::optional<FolderNames> names = co_await offload(system_.offload, make);
    if (names) before_.emplace(std::move(path), std::move(*names));
  } catch (const Error& error) {
    not_place(path, error);
    unplaced_folders_.insert(std::move(path));
  }
}

Task<void> Download::end_folder(std::string path, UnixfsMetadata metadata) {
  if (unplaced_folders_.erase(path) > 0) co_return;
  const auto before = before_.extract(path);
  if (metadata.empty() && before.empty()) co_return;
  const std::string at = partial(path);
  const auto finish = [&]() -> std::string {
    if (before) {
      for (const std::string& name : before.mapped().unmarked()) {
        folder_->remove_tree(join_path(at, name));
      }
    }
    const auto info = folder_->info(at);
    return info ? metadata_->set(at, metadata, *info) : std::string();
  };
  std::string failure = co_await offload(system_.offload, finish);
  metadata_->note(std::move(failure));
}

Task<void> Download::symlink(std::string path, std::string target, UnixfsMetadata metadata) {
  if (is_below_unplaced(path)) co_return;
  const std::string at = partial(path);
  const bool may_be_there = was_there(path);
  const auto make = [&]() -> std::string {
    const bool there = may_be_there && make_way(*folder_, at, FileKind::symlink);
    const bool same = there && folder_->read_link(at) == target;
    if (!same) {
      if (may_be_there) folder_->remove(at);
      make_new_link(*folder_, target, at);
    }
    const auto info = folder_->info(at);
    return info ? metadata_->set(at, metadata, *info) : std::string();
  };
  try {
    std::string failure = co_await offload(system_.offload, make);
    metadata_->note(std::move(failure));
  } catch (const Error& error) {
    not_place(path, error);
  }
}

Task<std::optional<std::uint64_t>> Download::holds_file(std::string path, Cid cid) {
  if (is_below_unplaced(path)) {
    ++skipped_files_;
    ++skipped_blocks_;
    co_return 0;
  }
  if (!was_there(path)) co_return std::nullopt;
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
  const bool there = may_be_there(path);
  FileStamp stamp;
  const auto write = [&] {
    if (there) make_way(*folder_, at, FileKind::file);
    const auto file = make_file(*folder_, at, there);
    file->truncate(bytes.size());
    file->write_at(0, bytes.view());
    stamp = FileStamp::of(file->info());
  };
  try {
    co_await offload(system_.offload, write);
  } catch (const Error& error) {
    not_place(path, error);
    ++skipped_files_;
    skipped_bytes_ += bytes.size();
    skipped_done_ += bytes.size();
    keep_unplaced(cid.hash(), bytes.view());
    co_return;
  }
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

Task<void> Download::begin_file(TreeFile& file) {
  if (is_below_unplaced(file.path)) {
    skip_file(file);
    co_return;
  }
  const std::string at = partial(file.path);
  const bool there = was_there(file.path);
  const auto prepare = [&] { file.resumed = there && make_way(*folder_, at, FileKind::file); };
  co_await offload(system_.offload, prepare);
  claim_space(file);
  const auto open = [&] {
    file.file = make_file(*folder_, at, there);
    try {
      file.file->truncate(file.size);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::unsupported) folder_->remove(at);
      throw;
    }
    // The run before may have ended because a sync failed: what is taken over must be on the disk.
    if (file.resumed) file.file->forget_cached();
  };
  try {
    co_await offload(system_.offload, open);
  } catch (const Error& error) {
    file.file.reset();
    not_place(file.path, error);
    skip_file(file);
    co_return;
  }
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
  if (file.skipped) {
    ++skipped_blocks_;
    skipped_done_ += length;
    co_return true;
  }
  if (!file.resumed) co_return false;
  const auto look = [&] { return look_at_place(*file.file, cid, offset, length); };
  const PlaceLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return false;
  add_leaf(file, cid.hash(), offset, length, seen.frame);
  co_return true;
}

bool Download::holds_zeros(TreeFile& file, const Cid& cid, std::uint64_t offset,
                           std::uint64_t length) {
  return !file.skipped && !file.resumed && is_zeros(cid, length) &&
         hold_zeros(file, cid, offset, length);
}

Task<void> Download::content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                             const TreeLeaf* leaf) {
  if (file.skipped) {
    skipped_done_ += bytes.size();
    if (leaf != nullptr) keep_unplaced(leaf->cid.hash(), block_of(*leaf, bytes.view()));
    co_return;
  }
  const auto write = [&] { write_sparsely(*file.file, offset, bytes.view()); };
  co_await offload(system_.offload, write);
  unsynced_ = true;
  if (leaf == nullptr) co_return;
  add_leaf(file, leaf->cid.hash(), offset, bytes.size(), leaf->frame);
}

Task<void> Download::end_file(TreeFile& file) {
  if (file.skipped) co_return;
  FileStamp stamp;
  const auto finish = [&]() -> std::string {
    const FileInfo info = file.file->info();
    std::string failure = metadata_->set(partial(file.path), file.metadata, info, file.file.get());
    stamp = FileStamp::of(file.file->info());
    file.file.reset();
    return failure;
  };
  std::string failure = co_await offload(system_.offload, finish);
  metadata_->note(std::move(failure));
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
  if (found) co_return std::move(*found);
  if (comparison_ != nullptr && !comparison_->same() && !place_.replace) {
    // All that it is for is to say in the error what else is there.
    Task<Block> fetching = fetch(std::move(cid));
    const Block named = co_await within(system_.clock, kNamesTimeout, std::move(fetching),
                                        "looking for names that the target has");
    co_return named.bytes;
  }
  const Block fetched = co_await fetch(std::move(cid));
  co_return fetched.bytes;
}

std::uint64_t Download::held_bytes(const Cid& cid) {
  if (inline_block(cid)) return 0;
  return store_.size(cid.hash()).value_or(0);
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
