#include "cli/commands.h"
#include "cli/looking.h"
#include "service/target_name.h"

namespace shoal::cli {

namespace {

class CatCommand final : public LookingCommand {
 public:
  explicit CatCommand(CatOptions options)
      : LookingCommand(std::move(options.link), options.limits),
        offset_(options.offset),
        length_(options.length) {}

 private:
  Task<void> look(service::Reader& reader, Cid cid) override {
    const std::string named = cid.to_string();
    try {
      co_await reader.read(std::move(cid), offset_, length_,
                           [this](ByteView piece) { return show(piece); });
    } catch (const Error& error) {
      if (error.code() != ErrorCode::usage || error.subject() != named) throw;
      throw Error(error.code(), error.message(), given_name(),
                  error.hint() + "; `shoal get LINK` fetches it");
    }
  }

  /// What was asked for, in the words of whoever asked.
  std::string given_name() const {
    std::string path;
    for (const std::string& part : link().path) path += (path.empty() ? "" : "/") + part;
    return path.empty() ? service::suggested_name(link()) : path;
  }

  Task<void> show(ByteView piece) {
    moved(piece.size());
    session().output().hand_over_stdout();
    return write(piece);
  }

  const std::uint64_t offset_;
  const std::optional<std::uint64_t> length_;
};

}  // namespace

std::unique_ptr<Command> make_cat(CatOptions options) {
  return std::make_unique<CatCommand>(std::move(options));
}

}  // namespace shoal::cli
