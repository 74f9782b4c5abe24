#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/units.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// Names the peers that have a CID, each as it is found.
class FindCommand final : public Command {
 public:
  explicit FindCommand(Cid cid) : cid_(std::move(cid)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    node::Node& node = session.start_node();
    const TimePoint started = session.now();
    const auto found = [this, &node, started](const routing::Found& provider) {
      tell(node, provider, session_->now() - started);
    };
    session.output().note("looking " + node.routing().where());
    Task<void> searching = node.routing().find_providers(cid_, found);
    if (const auto limit = session.options().timeout) {
      co_await within(session.system().clock, *limit, std::move(searching), "the search");
    } else {
      co_await std::move(searching);
    }
    if (count_ > 0) {
      session.output().note(fmt::format("{} {}", count_, count_ == 1 ? "provider" : "providers"));
      co_return;
    }
    throw Error(ErrorCode::not_found, "no provider was found " + node.routing().where(),
                cid_.to_string(), hint(session.options()));
  }

 private:
  void tell(node::Node& node, const routing::Found& provider, Duration after) {
    ++count_;
    const std::string peer = provider.peer.to_string();
    const std::vector<Multiaddr> addresses = node.swarm().peers().addresses(provider.peer);
    boost::json::array texts;
    std::string lines = peer + "  " + std::string(routing::name_of(provider.source)) + "  " +
                        fmt::format("{:.3f} s", to_seconds(after));
    for (const Multiaddr& address : addresses) {
      texts.emplace_back(address.to_string());
      lines += "\n  " + address.to_string();
    }
    session_->output().event({{"event", "provider"},
                              {"cid", cid_.to_string()},
                              {"peer_id", peer},
                              {"addresses", std::move(texts)},
                              {"source", routing::name_of(provider.source)},
                              {"seconds", to_seconds(after)}});
    session_->output().result(lines);
  }

  static std::string hint(const CommonOptions& options) {
    if (!options.bootstrap.empty() || !options.routers.empty() || options.is_public) {
      return "it may be announced later; the peer that has it may be offline";
    }
    return "--bootstrap ADDRESS searches the network of that peer, --public the public one";
  }

  const Cid cid_;
  Session* session_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_find(Cid cid) {
  return std::make_unique<FindCommand>(std::move(cid));
}

}  // namespace shoal::cli
