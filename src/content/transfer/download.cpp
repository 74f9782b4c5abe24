#include "content/transfer/download.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "content/local_block.h"
#include "content/partial_name.h"
#include "content/served/served_tree.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"
#include "system/task_group.h"
#include "system/timeout.h"
#include "system/yield.h"

namespace shoal::content {

namespace {

// How much of the work a loss of power may take.
constexpr Duration kSyncEvery = 2s;

/// Files stamped in the index in one turn of the event loop.
constexpr std::size_t kStampsAtOnce = 256;

// What is fetched of a tree that will not be placed, for the sake of a better message.
constexpr Duration kNamesTimeout = 5s;

/// Whether the tree itself is why it failed, so that every other run would fail in the same way.
bool never_completes(ErrorCode code) {
  return code == ErrorCode::malformed || code == ErrorCode::limit || code == ErrorCode::unsupported;
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
      umask_(system.storage.umask()),
      small_writes_(system) {
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
  co_await serve_tree(system_, store_, root_, *served_);
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
  auto finished = std::exchange(finished_, {});
  const auto all = [this] { folder_->sync_all(); };
  std::size_t stamped = 0;
  try {
    co_await offload(system_.offload, all);
    // What was lost in a failure stays without a stamp, so that it is hashed again.
    while (sync_failure_.empty() && stamped < finished.size()) {
      const auto& [file, stamp] = finished[stamped++];
      store_.restamp(file, stamp);
      if (stamped % kStampsAtOnce == 0) co_await yield_now(system_.waits);
    }
  } catch (...) {
    finished_.insert(finished_.begin(), finished.begin() + static_cast<std::ptrdiff_t>(stamped),
                     finished.end());
    throw;
  }
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

std::uint64_t Download::expected_bytes() const {
  if (!walk_ || !root_node_bytes_) return expected_bytes_;
  const std::uint64_t nodes = walk_->counts().node_bytes;
  const std::uint64_t below_root = nodes - std::min(nodes, *root_node_bytes_);
  return expected_bytes_ - std::min(expected_bytes_, below_root);
}

Task<bool> Download::learn_size() {
  if (root_.is(Codec::raw)) co_return false;
  const SharedBytes found = co_await block(root_);
  --found_in_store_;  // the walk will count it
  const UnixfsNode root = describe_node(root_, found.view());
  add_sizes(root);
  const auto* file = std::get_if<FileNode>(&root.kind);
  if (file == nullptr) root_node_bytes_ = found.size();
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
