#include "cli/commands.h"
#include "cli/looking.h"

namespace shoal::cli {

namespace {

class CatCommand final : public LookingCommand {
 public:
  explicit CatCommand(CatOptions options)
      : LookingCommand(std::move(options.link)), offset_(options.offset), length_(options.length) {}

 private:
  Task<void> look(service::Reader& reader, Cid cid) override {
    return reader.read(std::move(cid), offset_, length_,
                       [this](ByteView piece) { return show(piece); });
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
