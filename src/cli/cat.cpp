#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/commands.h"
#include "cli/looking.h"

namespace shoal::cli {

namespace {

/// Blocks while the reader of stdout does. 0, or why it failed.
int write_to_stdout(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

class CatCommand final : public LookingCommand {
 public:
  explicit CatCommand(CatOptions options)
      : LookingCommand(std::move(options.link)), offset_(options.offset), length_(options.length) {}

 private:
  Task<void> look(service::Reader& reader, Cid cid) override {
    try {
      co_await reader.read(std::move(cid), offset_, length_,
                           [this](ByteView piece) { return write(piece); });
    } catch (const Error&) {
      if (!reader_gone_) throw;  // whoever has seen enough may go, as with head(1)
    }
  }

  Task<void> write(ByteView piece) {
    moved(piece.size());
    session().output().hand_over_stdout();
    // Off the loop: a reader that pauses must not keep signals from being noticed.
    const int error =
        co_await offload(session().system().offload, [piece] { return write_to_stdout(piece); });
    moved();
    if (error == 0) co_return;
    reader_gone_ = error == EPIPE;
    throw Error(ErrorCode::io, std::string("cannot write: ") + std::strerror(error), "stdout");
  }

  const std::uint64_t offset_;
  const std::optional<std::uint64_t> length_;
  bool reader_gone_ = false;
};

}  // namespace

std::unique_ptr<Command> make_cat(CatOptions options) {
  return std::make_unique<CatCommand>(std::move(options));
}

}  // namespace shoal::cli
