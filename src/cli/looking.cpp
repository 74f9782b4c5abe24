#include "cli/looking.h"

#include "system/with_ticks.h"

namespace shoal::cli {

namespace {
/// A pause that is worth a word.
constexpr Duration kNoticeable = 500ms;
}  // namespace

Task<void> LookingCommand::run(Session& session) {
  session_ = &session;
  stall_.emplace(session.options().timeout, session.now());
  auto& node = session.start_node();
  std::vector<Multiaddr> providers = link_.providers;
  const auto& known = session.options().connect;
  providers.insert(providers.end(), known.begin(), known.end());
  reader_ = std::make_unique<service::Reader>(session.system(), node.swarm(), node.store(),
                                              node.bitswap(), providers);
  co_await with_ticks(
      session.system(), session.output().progress_period(), [this] { tick(); }, look_into());
}

Task<void> LookingCommand::stop() {
  reader_.reset();
  co_return;
}

Task<void> LookingCommand::look_into() {
  const Cid cid = co_await reader_->resolve(link_);
  moved();
  co_await look(*reader_, cid);
  moved();
}

void LookingCommand::moved(std::uint64_t bytes) {
  bytes_ += bytes;
  stall_->moved(session_->now());
}

void LookingCommand::tick() {
  const TimePoint now = session_->now();
  stall_->check(now);
  rate_.update(now, bytes_);
  const bool waits = stall_->idle(now) >= kNoticeable;
  const std::string name = link_.filename.empty() ? link_.cid.to_string() : link_.filename;
  session_->output().progress({.name = name,
                               .bytes_done = bytes_,
                               .bytes_total = 0,
                               .rate = rate_.rate(),
                               .rest = std::nullopt,
                               .peers = std::nullopt,
                               .what = {},
                               .waiting = waits ? wait() : std::string()},
                              now);
}

std::string LookingCommand::wait() const {
  const auto connections = session_->open_node().swarm().connections().all();
  if (connections.size() == 1)
    return "waiting for blocks from " + connections[0]->peer().to_string();
  if (!connections.empty()) {
    return "waiting for blocks from " + std::to_string(connections.size()) + " peers";
  }
  if (link_.providers.empty()) return "looking for peers that have it";
  return "connecting to " + link_.providers.front().to_string();
}

}  // namespace shoal::cli
