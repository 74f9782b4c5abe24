#include <algorithm>
#include <utility>

#include "base/error.h"
#include "content/transfer/download.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

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
  co_await store_.moved(join_path(place_.folder, partial_name_), path_);
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

}  // namespace shoal::content
