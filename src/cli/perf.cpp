#include "protocol/perf/perf.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/peer_target.h"
#include "cli/units.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

constexpr std::uint64_t kUsualBytes = 100'000'000;

/// Measures throughput to a peer and from it, one after the other.
class PerfCommand final : public Command {
 public:
  PerfCommand(PeerTarget target, std::optional<std::uint64_t> bytes)
      : target_(std::move(target)), bytes_(bytes.value_or(kUsualBytes)) {}

  Task<void> run(Session& session) override {
    node::Node& node = session.start_node();
    co_await reach(session, node, target_);
    perf::Perf perf(session.system(), node.swarm());
    tell(session.output(), "up", co_await perf.upload(target_.peer, bytes_));
    tell(session.output(), "down", co_await perf.download(target_.peer, bytes_));
  }

 private:
  static void tell(Output& output, const char* direction, const perf::Measurement& measured) {
    const double seconds = to_seconds(measured.time);
    output.event({{"event", "perf"},
                  {"direction", direction},
                  {"bytes", measured.bytes},
                  {"seconds", seconds}});
    const double rate = seconds > 0 ? static_cast<double>(measured.bytes) / seconds : 0;
    output.result(fmt::format("{:<5} {:>8} in {:.3f} s, {}/s", direction,
                              format_size(measured.bytes), seconds,
                              format_size(static_cast<std::uint64_t>(rate))));
  }

  const PeerTarget target_;
  const std::uint64_t bytes_;
};

}  // namespace

std::unique_ptr<Command> make_perf(const std::string& peer, std::optional<std::uint64_t> bytes) {
  return std::make_unique<PerfCommand>(parse_peer_target(peer), bytes);
}

}  // namespace shoal::cli
