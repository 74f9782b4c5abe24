#include <bit>
#include <utility>

#include "base/error.h"
#include "content/transfer/download.h"
#include "content/transfer/file_compare.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"

namespace shoal::content {

namespace {

Bytes block_of(const TreeLeaf& leaf, ByteView content) {
  Bytes out = leaf.frame.before;
  append(out, content);
  append(out, leaf.frame.after);
  return out;
}

}  // namespace

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
  co_await store_.keep_pace();
  const std::string at = partial(path);
  FileStamp stamp;
  const auto look = [&]() -> RangeLook {
    const auto info = folder_->info(at);
    if (!info || info->kind != FileKind::file || info->size > kMaxBlockBytes) return {};
    stamp = FileStamp::of(*info);
    const auto file = folder_->open(at, Access::read);
    file->forget_cached();
    return look_at_range(*file, cid, 0, stamp.size);
  };
  const RangeLook seen = co_await offload(system_.offload, look);
  hashed_bytes_ += seen.hashed_bytes;
  if (!seen.matches) co_return std::nullopt;
  add_small_file(at, cid, stamp);
  co_return stamp.size;
}

void Download::add_small_file(const std::string& at, const Cid& cid, const FileStamp& stamp) {
  const FileId id = store_.add_file(join_path(place_.folder, at), kNeverTrusted);
  finished_.emplace_back(id, stamp);
  unsynced_ = true;
  store_.put_extent(cid.hash(), id, 0, stamp.size);
  serve(cid.hash());
}

Task<void> Download::small_file(std::string path, Cid cid, SharedBytes bytes) {
  co_await store_.keep_pace();
  const std::string at = partial(path);
  const auto stamp = std::make_shared<FileStamp>();
  auto write = [folder = folder_.get(), at, there = may_be_there(path), bytes, stamp] {
    if (there) make_way(*folder, at, FileKind::file);
    const auto file = make_file(*folder, at, there);
    if (there) file->truncate(bytes.size());
    file->write_at(0, bytes.view());
    *stamp = FileStamp::of(file->info());
  };
  try {
    co_await small_writes_.run(std::move(write));
  } catch (const Error& error) {
    not_place(path, error);
    ++skipped_files_;
    skipped_bytes_ += bytes.size();
    skipped_done_ += bytes.size();
    keep_unplaced(cid.hash(), bytes.view());
    co_return;
  }
  add_small_file(at, cid, *stamp);
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
                        std::uint64_t length, const ExtentFrame& frame) {
  store_.put_extent(hash, file.store_id, offset, length, frame);
  serve(hash);
}

Task<bool> Download::holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) {
  if (file.skipped) {
    ++skipped_blocks_;
    skipped_done_ += length;
    co_return true;
  }
  if (!file.resumed) co_return false;
  const auto look = [&] { return look_at_range(*file.file, cid, offset, length); };
  const RangeLook seen = co_await offload(system_.offload, look);
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

}  // namespace shoal::content
