#include "content/store/file_blocks.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::content {

std::shared_ptr<File> OpenFiles::find(FileId file) {
  const auto found = std::ranges::find(files_, file, &Entry::file);
  if (found == files_.end()) return nullptr;
  files_.splice(files_.begin(), files_, found);
  return found->opened;
}

void OpenFiles::keep(FileId file, std::shared_ptr<File> opened) {
  close(file);
  files_.push_front({.file = file, .opened = std::move(opened)});
  if (files_.size() > kMost) files_.pop_back();
}

void OpenFiles::close(FileId file) {
  files_.remove_if([file](const Entry& entry) { return entry.file == file; });
}

namespace {

/// The whole block, or nothing when the file ends before.
std::optional<SharedBytes> read_whole(File& file, const BlockExtent& place) {
  const auto& [before, after] = place.frame;
  // Each by itself: a damaged index may say a length with which the sum overflows.
  if (place.length > kMaxBlockBytes) return std::nullopt;
  if (place.length + before.size() + after.size() > kMaxBlockBytes) return std::nullopt;
  const auto content = static_cast<std::size_t>(place.length);
  const std::size_t length = before.size() + content + after.size();
  const std::shared_ptr<std::uint8_t[]> buffer =
      std::make_shared_for_overwrite<std::uint8_t[]>(length);
  const MutableBytes into(buffer.get(), length);
  if (file.read_at(place.offset, into.subspan(before.size(), content)) != content) {
    return std::nullopt;
  }
  std::ranges::copy(before, into.begin());
  std::ranges::copy(after, into.end() - static_cast<std::ptrdiff_t>(after.size()));
  return SharedBytes(buffer, into);
}

void open_and_read(Storage& storage, const BlockExtent& place, const Multihash& hash, WallTime now,
                   BlockReading& out) {
  const auto looks_the_same = [&place](const FileInfo& look) {
    return FileStamp::of(look) == place.stamp;
  };
  if (out.file) out.look = out.file->info();
  if (!out.file || !looks_the_same(out.look)) {
    // Another file may have taken the name since.
    out.file = storage.open(place.path, Access::read);
    out.look = out.file->info();
  }
  auto bytes = read_whole(*out.file, place);
  if (!bytes) return;
  // It may have changed between the look and the reading: a look afterwards tells.
  out.hashed = !place.trusted || !is_reliable(out.look, now) || !looks_the_same(out.look) ||
               !looks_the_same(out.file->info());
  out.right = !out.hashed || (hash.is_computable() && hash.matches(bytes->view()));
  out.bytes = std::move(*bytes);
}

}  // namespace

namespace {

/// A disk, or a limit on open files, that stands in the way once says nothing of what lies there.
bool is_there(Storage& storage, const std::string& path) {
  try {
    return storage.info(path).has_value();
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

BlockReading read_block(Storage& storage, const BlockExtent& place, const Multihash& hash,
                        std::shared_ptr<File> file, WallTime now) {
  BlockReading out;
  out.file = std::move(file);
  try {
    open_and_read(storage, place, hash, now, out);
  } catch (const Error&) {
    out.right = false;
    out.file = nullptr;
    out.unreadable = is_there(storage, place.path);
  }
  return out;
}

}  // namespace shoal::content
