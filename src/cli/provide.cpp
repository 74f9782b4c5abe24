#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/announcer.h"
#include "cli/commands.h"
#include "cli/units.h"
#include "content/local_block.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// Announces that this home's node has a CID. What is announced is served while a share names it;
/// when such a share runs, it announces the CID by itself, and this waits until that is done.
class ProvideCommand final : public Command {
 public:
  explicit ProvideCommand(Cid cid) : cid_(std::move(cid)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    started_ = session.now();
    const auto announcer = find_announcer(session, cid_);
    node::Node& node = session.start_node();
    if (!announcer && !node.home().is_first()) {
      throw Error(ErrorCode::locked, "a node of this home runs and announces what it shares",
                  node.home().root(), "`shoal share PATH` announces the CID of PATH by itself");
    }
    Task<void> providing = announcer ? follow(node, *announcer) : announce(node);
    if (const auto limit = session.options().timeout) {
      co_await within(session.system().clock, *limit, std::move(providing), "announcing");
    } else {
      co_await std::move(providing);
    }
    if (!announcer) co_await node.routing().settle();
    tell(announcer ? announcer->peer : node.id());
  }

 private:
  Task<void> announce(node::Node& node) {
    if (!node.store().has(cid_.hash()) && !content::inline_block(cid_)) {
      session_->output().warning("this node does not have " + cid_.to_string() +
                                 ": peers that find it here cannot get it until it is shared");
    }
    const auto told = [this](const routing::Provided& provided) {
      if (peers_ == 0) findable_ = session_->now() - started_;
      peers_ += provided.peers;
      session_->output().note(
          fmt::format("can be found {} ({} peers)", provided.where, provided.peers));
    };
    co_await node.routing().provide(cid_, told);
    if (peers_ == 0) {
      throw Error(ErrorCode::unreachable, "there is no network to announce it to", cid_.to_string(),
                  "--bootstrap ADDRESS names a peer of one");
    }
  }

  Task<void> follow(node::Node& node, Announcer announcer) {
    session_->output().note(announcer.text + " announces it; looking for its record");
    peers_ = co_await wait_until_findable(*session_, node, cid_, announcer);
    findable_ = session_->now() - started_;
  }

  void tell(const PeerId& peer) {
    const Duration all = session_->now() - started_;
    session_->output().event({{"event", "provided"},
                              {"cid", cid_.to_string()},
                              {"peer_id", peer.to_string()},
                              {"peers", peers_},
                              {"findable_seconds", to_seconds(findable_)},
                              {"seconds", to_seconds(all)}});
    session_->output().result(fmt::format("announced to {} {}; it could be found after {:.3f} s",
                                          peers_, peers_ == 1 ? "peer" : "peers",
                                          to_seconds(findable_)));
  }

  const Cid cid_;
  Session* session_ = nullptr;
  TimePoint started_;
  Duration findable_{};
  std::size_t peers_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_provide(Cid cid) {
  return std::make_unique<ProvideCommand>(std::move(cid));
}

}  // namespace shoal::cli
