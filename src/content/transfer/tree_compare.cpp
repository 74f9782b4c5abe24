#include "content/transfer/tree_compare.h"

#include <utility>
#include <vector>

#include "content/block.h"
#include "content/transfer/file_compare.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"

namespace shoal::content {

Error differs(const std::string& path, std::string_view there) {
  return Error(ErrorCode::exists, std::string(there) + " is there already", path,
               "choose another place with -o, or replace it with --force");
}

TreeCompare::TreeCompare(System& system, BlockStore& store, Folder& folder, std::string path,
                         std::string root)
    : system_(system),
      store_(store),
      folder_(folder),
      path_(std::move(path)),
      root_(std::move(root)) {}

FileInfo TreeCompare::look(const std::string& path, FileKind kind) const {
  const auto info = folder_.info(join_path(root_, path));
  if (!info || info->kind != kind) throw differs(path);
  return *info;
}

Task<void> TreeCompare::begin_folder(std::string path) {
  const auto job = [&] { look(path, FileKind::folder); };
  co_await offload(system_.offload, job);
  if (!path.empty()) ++names_seen_;
}

Task<void> TreeCompare::end_folder(std::string, UnixfsMetadata) {
  co_return;
}

Task<void> TreeCompare::symlink(std::string path, std::string target, UnixfsMetadata) {
  const auto job = [&] {
    look(path, FileKind::symlink);
    if (folder_.read_link(join_path(root_, path)) != target) throw differs(path);
  };
  co_await offload(system_.offload, job);
  ++names_seen_;
}

Task<FileInfo> TreeCompare::open(TreeFile& file, std::uint64_t least_bytes,
                                 std::uint64_t most_bytes) {
  const std::string at = join_path(root_, file.path);
  const auto job = [&] {
    const FileInfo info = look(file.path, FileKind::file);
    if (info.size < least_bytes || info.size > most_bytes) throw differs(file.path);
    file.file = folder_.open(at, Access::read);
    return info;
  };
  const FileInfo info = co_await offload(system_.offload, job);
  file.store_id = store_.add_file(join_path(path_, at), FileStamp::of(info));
  ++names_seen_;
  co_return info;
}

Task<std::optional<std::uint64_t>> TreeCompare::holds_file(std::string path, Cid cid) {
  TreeFile file;
  file.path = std::move(path);
  const FileInfo info = co_await open(file, 0, kMaxBlockBytes);
  co_await holds(file, std::move(cid), 0, info.size);
  co_return info.size;
}

Task<void> TreeCompare::small_file(std::string path, Cid, SharedBytes) {
  throw differs(path);
  co_return;
}

Task<void> TreeCompare::begin_file(TreeFile& file) {
  co_await open(file, file.size, file.size);
}

Task<bool> TreeCompare::holds(TreeFile& file, Cid cid, std::uint64_t offset, std::uint64_t length) {
  const auto look_there = [&] { return look_at_place(*file.file, cid, offset, length); };
  const PlaceLook seen = co_await offload(system_.offload, look_there);
  hashed_bytes_ += seen.hashed_bytes;
  if (seen.matches) store_.put_place(cid.hash(), file.store_id, offset, length, seen.frame);
  // A dag-pb node that is no leaf matches nothing here, and its parts are still to come.
  if (!seen.matches && cid.is(Codec::raw)) throw differs(file.path);
  co_return seen.matches;
}

Task<void> TreeCompare::content(TreeFile& file, std::uint64_t offset, SharedBytes bytes,
                                const TreeLeaf* leaf) {
  Bytes there(bytes.size());
  const auto read = [&] { return file.file->read_at(offset, there); };
  const std::size_t got = co_await offload(system_.offload, read);
  if (got != there.size() || !equal(there, bytes.view())) throw differs(file.path);
  if (leaf == nullptr) co_return;
  store_.put_place(leaf->cid.hash(), file.store_id, offset, bytes.size(), leaf->frame);
}

Task<void> TreeCompare::end_file(TreeFile&) {
  co_return;
}

bool TreeCompare::has_more() const {
  if (!is_folder(folder_, root_)) return false;
  std::uint64_t names = 0;
  std::vector<std::string> left = {root_};
  while (!left.empty()) {
    const std::string path = std::move(left.back());
    left.pop_back();
    for (const FolderEntry& entry : folder_.list(path)) {
      ++names;
      if (entry.kind == FileKind::folder) left.push_back(join_path(path, entry.name));
    }
  }
  return names != names_seen_;
}

}  // namespace shoal::content
