#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands.h"
#include "node/running_limits.h"

namespace shoal::cli {

namespace {

/// Changes the limits of the commands that run in a home.
class LimitCommand final : public Command {
 public:
  explicit LimitCommand(bool lift) : lift_(lift) {}

  Task<void> run(Session& session) override {
    const CommonOptions& options = session.options();
    node::RunningLimits limits;
    if (lift_) limits = {.up = 0, .down = 0};
    if (options.up > 0) limits.up = options.up;
    if (options.down > 0) limits.down = options.down;
    if (!limits.up && !limits.down) {
      throw Error(ErrorCode::usage, "limit takes --up RATE, --down RATE or --lift", {},
                  "as in `shoal limit --up 5M`");
    }
    Storage& storage = session.system().storage;
    const std::string home = storage.absolute(session.home());
    if (!storage.info(home)) throw Error(ErrorCode::not_found, "no such home", home);
    node::order_limits(session.system(), home, limits);
    session.output().event(
        {{"event", "limits"}, {"up", number(limits.up)}, {"down", number(limits.down)}});
    session.output().result(fmt::format("up {}, down {}, for what runs in {}", text(limits.up),
                                        text(limits.down), home));
    co_return;
  }

 private:
  static boost::json::value number(const std::optional<std::uint64_t>& rate) {
    return rate ? boost::json::value(*rate) : boost::json::value(nullptr);
  }
  static std::string text(const std::optional<std::uint64_t>& rate) {
    if (!rate) return "as it was";
    return *rate == 0 ? "without limit" : fmt::format("{} bytes a second", *rate);
  }

  const bool lift_;
};

}  // namespace

std::unique_ptr<Command> make_limit(bool lift) {
  return std::make_unique<LimitCommand>(lift);
}

}  // namespace shoal::cli
