#include "content/transfer/partial_tree.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::content {

namespace {

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::string join_path(std::string_view folder, std::string_view path) {
  if (path.empty()) return std::string(folder);
  return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(path);
}

WallTime to_wall(const UnixfsTime& time) {
  constexpr std::int64_t kMost = std::chrono::floor<std::chrono::seconds>(Duration::max()).count();
  if (time.seconds >= kMost) return WallTime::max();
  if (time.seconds <= -kMost) return WallTime::min();
  return WallTime(std::chrono::seconds(time.seconds) + std::chrono::nanoseconds(time.nanos));
}

std::optional<std::uint32_t> wanted_mode(const UnixfsMetadata& metadata, FileKind kind,
                                         std::uint32_t umask) {
  if (!metadata.mode || kind == FileKind::symlink) return std::nullopt;
  const std::uint32_t mode = *metadata.mode & 0777 & ~umask;
  // The owner must still be able to rename and remove what is in a folder.
  return kind == FileKind::folder ? mode | 0700 : mode;
}

std::unique_ptr<File> make_file(Folder& folder, const std::string& at, bool may_be_there) {
  try {
    return folder.open(at, may_be_there ? Access::create : Access::create_new);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::exists) throw;
    throw Error(ErrorCode::unsupported, std::string(kOneName), at);
  }
}

void make_new_folder(Folder& folder, const std::string& at) {
  if (folder.info(at)) throw Error(ErrorCode::unsupported, std::string(kOneName), at);
  folder.make_folder(at);
}

void make_new_link(Folder& folder, const std::string& target, const std::string& at) {
  try {
    folder.make_link(target, at);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::exists) throw;
    throw Error(ErrorCode::unsupported, std::string(kOneName), at);
  }
}

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

}  // namespace shoal::content
