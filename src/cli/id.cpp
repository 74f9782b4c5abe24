#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "cli/commands.h"
#include "cli/version.h"

namespace shoal::cli {

namespace {

class IdCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    auto& node = session.start_node();
    tell_as_json(session, node);
    tell_as_text(session.output(), node);
    co_return;
  }

 private:
  static void tell_as_json(Session& session, node::Node& node) {
    boost::json::array addresses;
    for (const auto& address : node.addresses()) addresses.emplace_back(address.to_string());
    boost::json::array protocols;
    for (const auto& protocol : node.swarm().protocols().names()) protocols.emplace_back(protocol);
    session.output().event({{"peer_id", node.id().to_string()},
                            {"addresses", std::move(addresses)},
                            {"agent", agent()},
                            {"protocols", std::move(protocols)}});
  }

  static void tell_as_text(Output& output, node::Node& node) {
    output.result("peer id    " + node.id().to_string());
    output.result("agent      " + agent());
    for (const auto& address : node.addresses()) output.result("address    " + address.to_string());
    for (const auto& protocol : node.swarm().protocols().names()) {
      output.result("protocol   " + protocol);
    }
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
