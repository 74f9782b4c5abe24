#include "system/os/file.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>

#include "system/os/file_error.h"
#include "system/os/file_system.h"

namespace shoal::os {

namespace {

constexpr std::size_t kGather = 64;

class RegularFile final : public File {
 public:
  RegularFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  using File::write_at;
  std::size_t read_at(std::uint64_t offset, MutableBytes into) override;
  void write_at(std::uint64_t offset, std::span<const ByteView> pieces) override;
  void sync() override;
  void forget_cached() override;
  void truncate(std::uint64_t size) override;
  FileInfo info() override;
  std::optional<std::uint64_t> next_data(std::uint64_t offset) override;
  void set_mode(std::uint32_t mode) override;
  void set_mtime(WallTime mtime) override;

 private:
  /// The pieces from `done` bytes on, as far as one call takes them.
  static std::size_t gather(std::span<const ByteView> pieces, std::size_t done,
                            std::span<iovec> out);

  template <class Call>
  auto must(Call call) {
    const auto result = uninterrupted(call);
    if (result < 0) throw file_error(errno, path_);
    return result;
  }

  Descriptor fd_;
  std::string path_;
};

std::size_t RegularFile::read_at(std::uint64_t offset, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto got = must([&] {
      return ::pread(fd_.get(), into.data() + done, into.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::size_t RegularFile::gather(std::span<const ByteView> pieces, std::size_t done,
                                std::span<iovec> out) {
  std::size_t count = 0;
  for (const ByteView piece : pieces) {
    if (count == out.size()) break;
    const std::size_t skipped = std::min(done, piece.size());
    done -= skipped;
    if (skipped == piece.size()) continue;
    out[count++] = {.iov_base = const_cast<std::uint8_t*>(piece.data() + skipped),
                    .iov_len = piece.size() - skipped};
  }
  return count;
}

void RegularFile::write_at(std::uint64_t offset, std::span<const ByteView> pieces) {
  std::array<iovec, kGather> vectors;
  std::size_t done = 0;
  while (const std::size_t count = gather(pieces, done, vectors)) {
    const auto put = must([&] {
      return ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count),
                       static_cast<off_t>(offset + done));
    });
    if (put == 0) throw file_error(ENOSPC, path_);
    done += static_cast<std::size_t>(put);
  }
}

void RegularFile::sync() {
  must([&] { return ::fdatasync(fd_.get()); });
}

void RegularFile::forget_cached() {
  // Advice: a file system that keeps all in memory has nothing else to read.
  ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED);
}

void RegularFile::truncate(std::uint64_t size) {
  const int result =
      uninterrupted([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); });
  if (result < 0 && errno == EFBIG) {
    throw Error(ErrorCode::unsupported, "too big for this file system", path_);
  }
  if (result < 0) throw file_error(errno, path_);
}

FileInfo RegularFile::info() {
  struct stat found{};
  must([&] { return ::fstat(fd_.get(), &found); });
  FileInfo info = info_of(found);
  info.stable_times = has_stable_times(found.st_dev, fd_.get());
  return info;
}

std::optional<std::uint64_t> RegularFile::next_data(std::uint64_t offset) {
  const auto data =
      uninterrupted([&] { return ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA); });
  if (data >= 0) return static_cast<std::uint64_t>(data);
  if (errno == ENXIO) return std::nullopt;
  if (errno != EINVAL && errno != EOPNOTSUPP) throw file_error(errno, path_);
  // A file system that knows no holes: everything up to the end is data.
  if (offset < info().size) return offset;
  return std::nullopt;
}

void RegularFile::set_mode(std::uint32_t mode) {
  must([&] { return ::fchmod(fd_.get(), mode & 07777); });
}

void RegularFile::set_mtime(WallTime mtime) {
  const std::array<timespec, 2> times = {timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                                         time_spec(mtime)};
  must([&] { return ::futimens(fd_.get(), times.data()); });
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::folder;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

WallTime wall_time(const timespec& time) {
  // Some file systems know times beyond those that fit, which end in 1677 and 2262.
  constexpr auto kMost = std::chrono::floor<std::chrono::seconds>(Duration::max()).count() - 1;
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(time.tv_sec, -kMost, kMost)) +
                  std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

FileInfo info_of(const struct stat& found) {
  return {.kind = kind_of(found.st_mode),
          .size = static_cast<std::uint64_t>(found.st_size),
          .mtime = wall_time(found.st_mtim),
          .ctime = wall_time(found.st_ctim),
          .mode = found.st_mode & 07777u,
          .device = found.st_dev,
          .inode = found.st_ino};
}

timespec time_spec(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = (time - seconds).count()};
}

std::unique_ptr<File> regular_file(Descriptor opened, std::string path) {
  struct stat found{};
  if (::fstat(opened.get(), &found) != 0) throw file_error(errno, path);
  if (S_ISDIR(found.st_mode)) throw file_error(EISDIR, path);
  if (!S_ISREG(found.st_mode)) throw file_error(ENODEV, path);
  return std::make_unique<RegularFile>(std::move(opened), std::move(path));
}

}  // namespace shoal::os
