#include "system/os/storage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "system/os/file_error.h"
#include "system/os/place.h"

namespace shoal::os {

namespace {

/// Closing the descriptor releases the lock, and so does the end of the process.
class HeldLock final : public FileLock {
 public:
  explicit HeldLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

/// The number in a lock's file; empty when there is none.
std::string number_of_holder(int fd) {
  std::array<char, 20> text;
  const auto length = ::pread(fd, text.data(), text.size(), 0);
  std::string pid(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  pid.erase(std::min(pid.find_first_not_of("0123456789"), pid.size()));
  return pid;
}

std::string holder_of(int fd) {
  const std::string pid = number_of_holder(fd);
  return pid.empty() ? "another process" : "process " + pid;
}

/// Its words with a space between them; at most 4096 bytes. Empty when the process does not let us
/// look, or lives in another container.
std::string command_of(const std::string& pid) {
  const std::string path = "/proc/" + pid + "/cmdline";
  const Descriptor fd(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd) return {};
  std::array<char, 4096> text;
  const auto length = uninterrupted([&] { return ::read(fd.get(), text.data(), text.size()); });
  std::string words(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  while (words.ends_with('\0')) words.pop_back();
  std::ranges::replace(words, '\0', ' ');
  return words;
}

struct flock whole_file() {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return whole;
}

void write_holder(int fd, const std::string& path) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  const bool written = ::ftruncate(fd, 0) == 0 &&
                       ::pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
  if (!written) throw file_error(errno, path);
}

}  // namespace

/// umask() tells only who changes it, for all threads at once.
std::uint32_t HostStorage::umask() {
  constexpr std::uint32_t kUsual = 022;
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::uint32_t mask = 0;
    if (word == "Umask:" && status >> std::oct >> mask) return mask & 0777;
  }
  return kUsual;
}

std::unique_ptr<FileLock> HostStorage::lock(std::string_view path) {
  const std::string shown(path);
  while (true) {
    Descriptor fd(uninterrupted([&] {
      return ::open(shown.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, 0600);
    }));
    if (!fd) throw file_error(errno, shown);
    struct flock whole = whole_file();
    if (::fcntl(fd.get(), F_OFD_SETLK, &whole) != 0) {
      if (errno != EAGAIN && errno != EACCES) throw file_error(errno, shown);
      throw Error(ErrorCode::locked, "in use by " + holder_of(fd.get()), shown);
    }
    // Its last holder may have removed it meanwhile: the next one would lock another file.
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) throw file_error(errno, shown);
    if (info.st_nlink == 0) continue;
    write_holder(fd.get(), shown);
    return std::make_unique<HeldLock>(std::move(fd));
  }
}

std::optional<LockHolder> HostStorage::lock_holder(std::string_view path) {
  const std::string shown(path);
  const Descriptor fd(uninterrupted(
      [&] { return ::open(shown.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW); }));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw file_error(errno, shown);
  struct flock whole = whole_file();
  if (::fcntl(fd.get(), F_OFD_GETLK, &whole) != 0) throw file_error(errno, shown);
  if (whole.l_type == F_UNLCK) return std::nullopt;
  const std::string pid = number_of_holder(fd.get());
  return LockHolder{.process = pid, .command = pid.empty() ? std::string() : command_of(pid)};
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
