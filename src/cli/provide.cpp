#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/units.h"
#include "content/local_block.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// Announces that this home's node has a CID. What is announced is served while a share names it.
class ProvideCommand final : public Command {
 public:
  explicit ProvideCommand(Cid cid) : cid_(std::move(cid)) {}

  Task<void> run(Session& session) override {
    node::Node& node = session.start_node();
    if (!node.home().is_first()) {
      throw Error(ErrorCode::locked, "a node of this home runs and announces what it shares",
                  node.home().root(), "`shoal share PATH` announces the CID of PATH by itself");
    }
    if (!node.store().has(cid_.hash()) && !content::inline_block(cid_)) {
      session.output().warning("this node does not have " + cid_.to_string() +
                               ": peers that find it here cannot get it until it is shared");
    }
    const TimePoint started = session.now();
    Duration findable{};
    std::size_t peers = 0;
    const auto told = [&](const routing::Provided& provided) {
      if (peers == 0) findable = session.now() - started;
      peers += provided.peers;
      session.output().note(
          fmt::format("can be found {} ({} peers)", provided.where, provided.peers));
    };
    Task<void> providing = node.routing().provide(cid_, told);
    if (const auto limit = session.options().timeout) {
      co_await within(session.system().clock, *limit, std::move(providing), "announcing");
    } else {
      co_await std::move(providing);
    }
    if (peers == 0) {
      throw Error(ErrorCode::unreachable, "there is no network to announce it to", cid_.to_string(),
                  "--bootstrap ADDRESS names a peer of one");
    }
    co_await node.routing().settle();
    const Duration all = session.now() - started;
    session.output().event({{"event", "provided"},
                            {"cid", cid_.to_string()},
                            {"peers", peers},
                            {"findable_seconds", to_seconds(findable)},
                            {"seconds", to_seconds(all)}});
    session.output().result(fmt::format("announced to {} peers; it could be found after {:.3f} s",
                                        peers, to_seconds(findable)));
  }

 private:
  const Cid cid_;
};

}  // namespace

std::unique_ptr<Command> make_provide(Cid cid) {
  return std::make_unique<ProvideCommand>(std::move(cid));
}

}  // namespace shoal::cli
