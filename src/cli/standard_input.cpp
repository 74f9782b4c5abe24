#include "cli/standard_input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "system/offload.h"

namespace shoal::cli {

namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
/// A job that waits for input ends after so long, so that a signal is noticed.
constexpr int kPollMs = 100;

constexpr const char* kSpoolFolder = "/spool";
constexpr std::string_view kLockSuffix = ".lock";

bool is_readable(int timeout_ms) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, timeout_ms) > 0;
}

/// What there is, at most as much as there is space for; none at the end. Waits a moment when there
/// is nothing yet.
std::optional<std::size_t> read_piece(MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size() && is_readable(done == 0 ? kPollMs : 0)) {
    const ssize_t got = ::read(STDIN_FILENO, into.data() + done, into.size() - done);
    if (got == 0 && done == 0) return std::nullopt;
    if (got == 0) break;  // the end is met once more
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) break;
    if (got < 0) {
      throw Error(ErrorCode::io, std::string("cannot read: ") + std::strerror(errno),
                  "standard input");
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// With its entries in the index.
void remove_spool(System& system, content::BlockStore& store, const std::string& path) {
  system.storage.remove(path);
  store.forget_file(store.add_file(path, content::kNeverTrusted));
}

}  // namespace

Task<void> read_standard_input(System& system, std::function<void(ByteView)> take,
                               std::uint64_t& bytes) {
  Bytes piece(kPieceBytes);
  for (;;) {
    const auto job = [&] {
      const auto got = read_piece(piece);
      if (got) take(ByteView(piece).first(*got));
      return got;
    };
    const std::optional<std::size_t> got = co_await offload(system.offload, job);
    if (!got) co_return;
    bytes += *got;
  }
}

Spool::Spool(System& system, content::BlockStore& store, const std::string& home)
    : system_(system), store_(store) {
  Storage& storage = system.storage;
  const std::string folder = storage.absolute(home) + kSpoolFolder;
  storage.make_folder(folder);
  std::array<std::uint8_t, 8> name{};
  system.random.fill(name);
  path_ = folder + "/" + to_hex(name);
  // The lock comes first: a spool that is not locked is nobody's.
  lock_ = storage.lock(path_ + std::string(kLockSuffix));
  file_ = storage.open(path_, Access::create_new);
  file_->set_mode(0600);
}

Spool::~Spool() {
  try {
    remove_spool(system_, store_, path_);
    system_.storage.remove(path_ + std::string(kLockSuffix));
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

Task<void> Spool::fill() {
  std::uint64_t written = 0;
  const auto keep = [this, &written](ByteView piece) {
    file_->write_at(written, piece);
    written += piece.size();
  };
  co_await read_standard_input(system_, keep, bytes_);
}

void remove_old_spools(System& system, content::BlockStore& store, const std::string& home) {
  Storage& storage = system.storage;
  try {
    const std::string folder = storage.absolute(home) + kSpoolFolder;
    if (!storage.info(folder)) return;
    for (const FolderEntry& entry : storage.list(folder)) {
      std::string path = folder + "/" + entry.name;
      if (path.ends_with(kLockSuffix)) path.resize(path.size() - kLockSuffix.size());
      const std::string lock_path = path + std::string(kLockSuffix);
      if (storage.lock_holder(lock_path)) continue;
      const auto lock = storage.lock(lock_path);
      if (storage.info(path)) remove_spool(system, store, path);
      storage.remove(lock_path);
    }
  } catch (const Error& error) {
    // Another process may have taken one in between. What stays is tried the next time.
    log_debug("{}", error.what());
  }
}

}  // namespace shoal::cli
