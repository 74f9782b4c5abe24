#include "system/os/storage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "system/os/file_error.h"
#include "system/os/place.h"

namespace shoal::os {

namespace {

/// Closing the descriptor releases the lock, and so does the end of the process. The file stays:
/// removing it would let a third process lock a new one beside a second that waits for this one.
class HeldLock final : public FileLock {
 public:
  explicit HeldLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

std::string holder_of(int fd) {
  std::array<char, 20> text;
  const auto length = ::pread(fd, text.data(), text.size(), 0);
  std::string pid(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  pid.erase(std::min(pid.find_first_not_of("0123456789"), pid.size()));
  return pid.empty() ? "another process" : "process " + pid;
}

void write_holder(int fd, const std::string& path) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  const bool written = ::ftruncate(fd, 0) == 0 &&
                       ::pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
  if (!written) throw file_error(errno, path);
}

}  // namespace

std::unique_ptr<FileLock> HostStorage::lock(std::string_view path) {
  const std::string shown(path);
  Descriptor fd(uninterrupted([&] {
    return ::open(shown.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
  }));
  if (!fd) throw file_error(errno, shown);
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) {
    if (errno != EAGAIN && errno != EACCES) throw file_error(errno, shown);
    throw Error(ErrorCode::locked, "in use by " + holder_of(fd.get()), shown);
  }
  write_holder(fd.get(), shown);
  return std::make_unique<HeldLock>(std::move(fd));
}

std::string HostStorage::absolute(std::string_view path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path from_root = fs::absolute(fs::path(path.empty() ? "." : path), error);
  if (error) throw file_error(error.value(), std::string(path));
  fs::path resolved = fs::weakly_canonical(from_root, error);
  if (error) throw file_error(error.value(), std::string(path));
  // "x/" and "x" are one place.
  if (!resolved.has_filename() && resolved.has_relative_path()) resolved = resolved.parent_path();
  return resolved.native();
}

}  // namespace shoal::os
