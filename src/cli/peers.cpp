#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/display_text.h"
#include "cli/commands.h"
#include "cli/peer_name.h"
#include "cli/units.h"
#include "node/status.h"

namespace shoal::cli {

namespace {

/// So that a line has 80 columns at most.
constexpr std::size_t kReasonsWidth = 13;
constexpr std::size_t kAgentWidth = 17;

std::string round_trip_text(std::int64_t microseconds) {
  if (microseconds <= 0) return "-";
  const double milliseconds = static_cast<double>(microseconds) / 1e3;
  return milliseconds < 99.95 ? fmt::format("{:.1f} ms", milliseconds)
                              : fmt::format("{:.0f} ms", milliseconds);
}

/// Lists whom the nodes of the home are connected to, and why each is kept.
class PeersCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    auto& system = session.system();
    const std::string home = system.storage.absolute(session.home());
    const auto nodes = node::running_nodes(system.storage, home);
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(system.clock.wall_now().time_since_epoch())
            .count();
    std::size_t count = 0;
    if (!nodes.empty()) session.output().result(kHead);
    for (const auto& node : nodes) {
      if (!node.running) continue;
      for (const auto& peer : node.running->peers) tell(session.output(), peer, now);
      count += node.running->peers.size();
    }
    if (nodes.empty()) {
      session.output().note("no node of this home is running; share and get start one");
    } else {
      session.output().note(fmt::format("{} connected", count));
    }
    co_return;
  }

 private:
  static constexpr const char* kHead =
      "PEER               PATH      RTT     AGE         KEPT FOR      AGENT";

  static std::string joined(const std::vector<std::string>& reasons) {
    std::string out;
    for (const auto& reason : reasons) out += (out.empty() ? "" : ",") + reason;
    return out;
  }

  static void tell(Output& output, const node::Running::Peer& peer, std::int64_t now) {
    const auto age = std::max<std::int64_t>(0, now - peer.since);
    boost::json::array reasons;
    for (const auto& reason : peer.kept_for) reasons.emplace_back(reason);
    output.event({{"event", "peer"},
                  {"peer_id", peer.id.to_string()},
                  {"address", peer.address.to_string()},
                  {"path", peer.path},
                  {"kept_for", std::move(reasons)},
                  {"rtt", peer.round_trip_us > 0
                              ? boost::json::value(static_cast<double>(peer.round_trip_us) / 1e6)
                              : boost::json::value(nullptr)},
                  {"age", age},
                  {"agent", peer.agent}});
    output.result(
        fmt::format("{:<18} {:<9} {:<7} {:<11} {:<13} {}", short_name(peer.id), peer.path,
                    round_trip_text(peer.round_trip_us), format_time(std::chrono::seconds(age)),
                    shorten(peer.kept_for.empty() ? "-" : joined(peer.kept_for), kReasonsWidth),
                    shorten(for_terminal(peer.agent), kAgentWidth)));
  }
};

}  // namespace

std::unique_ptr<Command> make_peers() {
  return std::make_unique<PeersCommand>();
}

}  // namespace shoal::cli
