#include "content/transfer/tree_metadata.h"

#include <utility>

#include "base/error.h"
#include "content/transfer/partial_tree.h"
#include "system/offload.h"

namespace shoal::content {

std::string MetadataWriter::set(const std::string& path, const UnixfsMetadata& metadata,
                                const FileInfo& info, File* open) {
  std::string failure;
  const auto attempt = [&failure](auto call) {
    try {
      call();
    } catch (const Error& error) {
      if (failure.empty()) failure = error.message();
    }
  };
  const auto mode = wanted_mode(metadata, info.kind, umask_);
  if (mode && *mode != info.mode) {
    attempt([&] { open ? open->set_mode(*mode) : folder_.set_mode(path, *mode); });
  }
  if (metadata.mtime && to_wall(*metadata.mtime) != info.mtime) {
    const WallTime time = to_wall(*metadata.mtime);
    attempt([&] { open ? open->set_mtime(time) : folder_.set_mtime(path, time); });
  }
  return failure;
}

void MetadataWriter::note(std::string failure) {
  if (failure.empty()) return;
  if (failures_++ == 0) first_failure_ = std::move(failure);
}

TreeMetadata::TreeMetadata(System& system, BlockStore& store, Folder& folder, std::string path,
                           std::string root, MetadataWriter& writer)
    : system_(system),
      store_(store),
      folder_(folder),
      path_(std::move(path)),
      root_(std::move(root)),
      writer_(writer) {}

Task<void> TreeMetadata::set(std::string path, FileKind kind, UnixfsMetadata metadata) {
  if (metadata.empty()) co_return;
  co_await store_.keep_pace();
  const std::string at = join_path(root_, path);
  std::optional<FileInfo> before;
  std::optional<FileInfo> after;
  const auto work = [&]() -> std::string {
    before = folder_.info(at);
    if (!before || before->kind != kind) return {};
    std::string failure = writer_.set(at, metadata, *before);
    after = folder_.info(at);
    return failure;
  };
  std::string failure = co_await offload(system_.offload, work);
  writer_.note(std::move(failure));
  if (kind != FileKind::file || !before || !after) co_return;
  // Another look by our own doing: what was verified in it stays so.
  const FileId file = store_.add_file(join_path(path_, at), FileStamp::of(*before));
  store_.restamp(file, FileStamp::of(*after));
}

Task<void> TreeMetadata::begin_folder(std::string) {
  co_return;
}

Task<void> TreeMetadata::end_folder(std::string path, UnixfsMetadata metadata) {
  return set(std::move(path), FileKind::folder, metadata);
}

Task<void> TreeMetadata::symlink(std::string path, std::string, UnixfsMetadata metadata) {
  return set(std::move(path), FileKind::symlink, metadata);
}

Task<std::optional<std::uint64_t>> TreeMetadata::holds_file(std::string, Cid) {
  co_return 0;
}

Task<void> TreeMetadata::small_file(std::string, Cid, SharedBytes) {
  co_return;
}

Task<void> TreeMetadata::begin_file(TreeFile&) {
  co_return;
}

Task<bool> TreeMetadata::holds(TreeFile&, Cid, std::uint64_t, std::uint64_t) {
  co_return true;
}

Task<void> TreeMetadata::content(TreeFile&, std::uint64_t, SharedBytes, const TreeLeaf*) {
  co_return;
}

Task<void> TreeMetadata::end_file(TreeFile& file) {
  return set(file.path, FileKind::file, file.metadata);
}

}  // namespace shoal::content
