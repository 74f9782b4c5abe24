#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "cli/commands.h"
#include "cli/holder_text.h"
#include "cli/version.h"
#include "node/running.h"
#include "node/status.h"

namespace shoal::cli {

namespace {

/// What the node of this home is, and where its peers reach it while it runs.
class IdCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    auto& storage = session.system().storage;
    const std::string home = storage.absolute(session.home());
    const auto holder = node::holder_of(storage, home);
    const auto running = holder ? node::read_running(storage, home) : std::nullopt;
    const node::Running shown = running ? *running : describe(session.open_node());
    tell_as_json(session.output(), shown, holder);
    tell_as_text(session.output(), shown, holder);
    co_return;
  }

 private:
  static node::Running describe(node::Node& node) {
    return {.peer_id = node.id().to_string(),
            .addresses = {},
            .agent = agent(),
            .protocols = node.swarm().protocols().names(),
            .served = {}};
  }

  static void tell_as_json(Output& output, const node::Running& shown,
                           const std::optional<LockHolder>& holder) {
    boost::json::array addresses;
    for (const auto& address : shown.addresses) addresses.emplace_back(address.to_string());
    boost::json::array protocols;
    for (const auto& protocol : shown.protocols) protocols.emplace_back(protocol);
    output.event({{"peer_id", shown.peer_id},
                  {"running", holder.has_value()},
                  {"addresses", std::move(addresses)},
                  {"agent", shown.agent},
                  {"protocols", std::move(protocols)}});
  }

  static void tell_as_text(Output& output, const node::Running& shown,
                           const std::optional<LockHolder>& holder) {
    output.result("peer id    " + shown.peer_id);
    output.result("agent      " + shown.agent);
    output.result("running    " + (holder ? holder_text(*holder) : "no: no peer can reach it now"));
    for (const auto& address : shown.addresses) output.result("address    " + address.to_string());
    for (const auto& protocol : shown.protocols) output.result("protocol   " + protocol);
  }
};

class VersionCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    session.output().event(version_as_json());
    session.output().result(version_as_text());
    co_return;
  }
};

}  // namespace

std::unique_ptr<Command> make_id() {
  return std::make_unique<IdCommand>();
}

std::unique_ptr<Command> make_version() {
  return std::make_unique<VersionCommand>();
}

}  // namespace shoal::cli
