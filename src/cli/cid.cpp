#include "cli/commands.h"
#include "cli/indexing.h"
#include "cli/standard_input.h"
#include "system/rate_meter.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {

/// `share` leaves it out; here, where nothing is kept, there need not be one.
std::string home_if_any(const Session& session) {
  try {
    return session.home();
  } catch (const Error&) {
    return {};
  }
}

class CidCommand final : public Command {
 public:
  explicit CidCommand(IndexOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    content::ImportOptions options =
        to_import_options(options_, session.system().storage, home_if_any(session));
    if (reads_standard_input(options_)) {
      const content::StreamResult hashed = co_await hash_standard_input(options.profile);
      options.standard_input = content::StandardInput{.path = {}, .hashed = hashed};
    }
    importer_ = std::make_unique<content::Importer>(session.system(), nullptr, std::move(options));
    Task<content::ImportResult> work = importer_->import(options_.paths);
    const content::ImportResult result = co_await with_ticks(
        session.system(), session.output().progress_period(), [this] { tell_progress(); },
        std::move(work));
    tell(result);
  }

  Task<void> stop() override {
    importer_.reset();
    co_return;
  }

 private:
  Task<content::StreamResult> hash_standard_input(UnixfsProfile profile) {
    content::StreamHasher hasher(profile);
    std::uint64_t bytes = 0;
    const auto tick = [&] {
      const TimePoint now = session_->now();
      session_->output().progress(to_reading_progress(bytes, rate_, now), now);
    };
    Task<void> reading = read_standard_input(
        session_->system(), [&hasher](ByteView piece) { hasher.add(piece); }, bytes);
    co_await with_ticks(session_->system(), session_->output().progress_period(), tick,
                        std::move(reading));
    rate_ = {};
    co_return hasher.finish();
  }

  void tell_progress() {
    const content::ImportProgress progress = importer_->progress();
    session_->output().progress(to_progress(progress, rate_, session_->now()), session_->now());
  }

  void tell(const content::ImportResult& result) {
    auto& output = session_->output();
    tell_omissions(output, result);
    output.event({{"cid", result.root.to_string()},
                  {"name", result.name},
                  {"bytes", result.bytes},
                  {"files", result.files},
                  {"blocks", result.blocks},
                  {"left_out", to_json(result.omissions)}});
    output.result(result.root.to_string());
  }

  const IndexOptions options_;
  Session* session_ = nullptr;
  std::unique_ptr<content::Importer> importer_;
  RateMeter rate_;
};

}  // namespace

std::unique_ptr<Command> make_cid(IndexOptions options) {
  return std::make_unique<CidCommand>(std::move(options));
}

}  // namespace shoal::cli
