#include "content/transfer/tree_compare.h"

#include <utility>

#include "content/block.h"
#include "content/transfer/file_compare.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"

namespace shoal::content {

Error differs(const std::string& path, std::string_view there, const LostFiles& lost) {
  std::string hint = "choose another place with -o, or replace it with --force";
  if (lost.files > 0) hint += ", which deletes " + lost.to_text();
  return Error(ErrorCode::exists, std::string(there) + " already exists", path, std::move(hint));
}

/// One trial at a time: two may be of the same name.
class TreeCompare::Turn {
 public:
  explicit Turn(TreeCompare& compare) : compare_(compare) { compare_.trying_ = true; }
  ~Turn() {
    compare_.trying_ = false;
    compare_.tried_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  TreeCompare& compare_;
};

TreeCompare::TreeCompare(System& system, BlockStore& store, Place place, Then then)
    : system_(system),
      store_(store),
      place_(std::move(place)),
      then_(then),
      trial_(place_.folder, place_.trial),
      tried_(system.waits) {}

std::string TreeCompare::at(std::string_view path) const {
  return join_path(place_.root, path);
}

void TreeCompare::differ() {
  different_ = true;
  if (then_ == Then::stop) throw Error(ErrorCode::exists, "the target differs", place_.root);
}

/// Of a file or a symlink. A target that is one is lost as a whole.
void TreeCompare::differ_in(const std::string& path, std::uint64_t bytes) {
  differ();
  if (!path.empty()) return;
  lost_ = {.files = 1, .bytes = bytes, .first = {""}};
  throw Error(ErrorCode::exists, "the target differs", place_.root);
}

bool TreeCompare::is_alias(const std::string& path) const {
  const auto folder = open_.find(folder_of(path));
  return !path.empty() && folder != open_.end() && !folder->second.has(name_of(path));
}

bool TreeCompare::is_below_unplaced(std::string_view path) const {
  return !path.empty() && unplaced_folders_.contains(folder_of(path));
}

Task<std::optional<FileInfo>> TreeCompare::find(std::string path, FileKind kind,
                                                std::uint64_t size) {
  const bool is_folder = kind == FileKind::folder;
  if (is_below_unplaced(path)) {
    if (is_folder) unplaced_folders_.insert(std::move(path));
    co_return std::nullopt;
  }
  if (!path.empty() && !open_.contains(folder_of(path))) co_return std::nullopt;  // noted before
  if (is_alias(path)) {
    co_await note_absent(std::move(path), kind, size);
    co_return std::nullopt;
  }
  const auto look = [&] { return place_.folder.info(at(path)); };
  const std::optional<FileInfo> info = co_await offload(system_.offload, look);
  if (!info || info->kind != kind) {
    differ();  // what is there instead is found when the folder ends
    if (!path.empty()) co_return std::nullopt;
    const auto add = [&] { lost_.add_all(place_.folder, place_.root, ""); };
    co_await offload(system_.offload, add);
    throw Error(ErrorCode::exists, "the target is of another kind", place_.root);
  }
  if (path.empty()) co_return info;
  if (!open_.find(folder_of(path))->second.mark(name_of(path))) differ();
  co_return info;
}

/// It is not there under its own name.
Task<void> TreeCompare::note_absent(std::string path, FileKind kind, std::uint64_t size) {
  while (trying_) co_await tried_.wait();
  const Turn turn(*this);
  if (different_) {
    differ();
    co_return;
  }
  const auto attempt = [&]() -> std::optional<std::string> {
    if (at(path).size() > kMaxPathBytes) return "the path is too long";
    if (place_.folder.info(at(path))) return std::string(kOneName);
    return trial_.refusal(std::string(name_of(path)), kind, size);
  };
  std::optional<std::string> refusal = co_await offload(system_.offload, attempt);
  if (!refusal) {
    differ();
    co_return;
  }
  if (kind == FileKind::folder) unplaced_folders_.insert(path);
  not_placed_.add(std::move(path), std::move(*refusal));
}

void TreeCompare::compare_metadata(const FileInfo& info, const UnixfsMetadata& metadata) {
  const auto mode = wanted_mode(metadata, info.kind, place_.umask);
  if (mode && info.mode != *mode) metadata_differs_ = true;
  if (metadata.mtime && info.mtime != to_wall(*metadata.mtime)) metadata_differs_ = true;
}

Task<void> TreeCompare::begin_folder(std::string path) {
  const auto info = co_await find(path, FileKind::folder, 0);
  if (!info) co_return;
  const auto list = [&] { return FolderNames(place_.folder.list(at(path))); };
  FolderNames names = co_await offload(system_.offload, list);
  open_.emplace(std::move(path), std::move(names));
}

Task<void> TreeCompare::end_folder(std::string path, UnixfsMetadata metadata) {
  unplaced_folders_.erase(path);
  const auto names = open_.extract(path);
  if (!names) co_return;
  const std::vector<std::string> more = names.mapped().unmarked();
  LostFiles found;
  const auto look = [&] {
    for (const std::string& name : more) {
      found.add_all(place_.folder, place_.root, path.empty() ? name : join_path(path, name));
    }
    return place_.folder.info(at(path));
  };
  const std::optional<FileInfo> info = co_await offload(system_.offload, look);
  lost_.add(found);
  if (!more.empty()) differ();
  if (info) compare_metadata(*info, metadata);
}

Task<void> TreeCompare::symlink(std::string path, std::string target, UnixfsMetadata metadata) {
  const auto info = co_await find(path, FileKind::symlink, 0);
  if (!info) co_return;
  const auto read = [&] { return place_.folder.read_link(at(path)); };
  const std::string there = co_await offload(system_.offload, read);
  if (there != target) differ_in(path, info->size);
  compare_metadata(*info, metadata);
}

/// False when it need not be looked into: it differs, or there was a difference before.
Task<bool> TreeCompare::open(TreeFile& file, const FileInfo& info) {
  if (different_) co_return false;
  co_await store_.keep_pace();
  const auto open_it = [&] { return place_.folder.open(at(file.path), Access::read); };
  file.file = co_await offload(system_.offload, open_it);
  file.store_id = store_.add_file(join_path(place_.path, at(file.path)), FileStamp::of(info));
  co_return true;
}

Task<std::optional<std::uint64_t>> TreeCompare::holds_file(std::string path, Cid cid) {
  const auto info = co_await find(path, FileKind::file, 0);
  if (!info) {
    ++skipped_files_;
    ++skipped_blocks_;
    co_return 0;
  }
  TreeFile file;
  file.path = std::move(path);
  file.size = info->size;
  if (info->size > kMaxBlockBytes) {
    differ_in(file.path, info->size);
    co_return info->size;
  }
  const bool opened = co_await open(file, *info);
  if (opened) co_await holds(file, std::move(cid), 0, info->size);
  co_return info->size;
}

Task<void> TreeCompare::small_file(std::string, Cid, SharedBytes) {
  differ();
  co_return;
}

Task<void> TreeCompare::begin_file(TreeFile& file) {
  const auto info = co_await find(file.path, FileKind::file, file.size);
  if (!info) {
    ++skipped_files_;
    skipped_bytes_ += file.size;
    co_return;
  }
  if (info->size != file.size) differ_in(file.path, info->size);
  co_await open(file, *info);
  compare_metadata(*info, file.metadata);
}

Task<bool> TreeCompare::holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) {
  if (!file.file || different_) {
    ++skipped_blocks_;
    co_return true;
  }
  const auto look_there = [&] { return look_at_range(*file.file, cid, offset, length); };
  const RangeLook seen = co_await offload(system_.offload, look_there);
  hashed_bytes_ += seen.hashed_bytes;
  if (seen.matches) store_.put_extent(cid.hash(), file.store_id, offset, length, seen.frame);
  // A dag-pb node that is no leaf matches nothing here, and its parts are still to come.
  if (!seen.matches && cid.is(Codec::raw)) {
    differ_in(file.path, file.size);
    co_return true;
  }
  co_return seen.matches;
}

Task<void> TreeCompare::content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                                const TreeLeaf* leaf) {
  if (!file.file || different_) co_return;
  Bytes there(bytes.size());
  const auto read = [&] { return file.file->read_at(offset, there); };
  const std::size_t got = co_await offload(system_.offload, read);
  if (got != there.size() || !equal(there, bytes.view())) {
    differ_in(file.path, file.size);
    co_return;
  }
  if (leaf == nullptr) co_return;
  store_.put_extent(leaf->cid.hash(), file.store_id, offset, bytes.size(), leaf->frame);
}

Task<void> TreeCompare::end_file(TreeFile&) {
  co_return;
}

}  // namespace shoal::content
