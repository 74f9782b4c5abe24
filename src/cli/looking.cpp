#include "cli/looking.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/link_trouble.h"
#include "cli/terminal.h"
#include "service/sources.h"
#include "service/target_name.h"
#include "system/offload.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {
/// A pause that is worth a word.
constexpr Duration kNoticeableWait = 500ms;

/// Blocks while the reader of stdout does. 0, or why it failed.
int write_to_stdout(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

void tell_unusable(const service::Link& link, Output& output) {
  for (const std::string& provider : link.unusable) {
    output.warning("the link names a provider that cannot be used: " + provider);
  }
  if (link.providers.empty() && link.unusable.empty() && !link.filename.empty()) {
    // `shoal get ipfs://CID?filename=NAME&provider=...` runs what is before the '&'.
    output.warning("this link names no peer; if the shell cut it at '&', put it in quotes");
  }
}

Task<void> LookingCommand::run(Session& session) {
  session_ = &session;
  stall_.emplace(session.options().timeout, session.now());
  auto& node = session.start_node();
  tell_unusable(link_, session.output());
  const auto& known = session.options().connect;
  link_.providers.insert(link_.providers.end(), known.begin(), known.end());
  reader_ = std::make_unique<service::Reader>(node.context(),
                                              service::Origin{link_.providers, link_.cid}, limits_);
  co_await with_ticks(
      session.system(), session.output().progress_period(), [this] { tick(); }, look_into());
}

Task<void> LookingCommand::stop() {
  reader_.reset();
  co_return;
}

Task<void> LookingCommand::look_into() {
  try {
    const Cid cid = co_await reader_->resolve(link_);
    moved();
    co_await look(*reader_, cid);
  } catch (const Error& error) {
    // Whoever has seen enough may go, as with head(1).
    if (!reader_gone_) throw explain(error, link_);
  }
  moved();
}

Task<void> LookingCommand::write(ByteView bytes) {
  session_->output().make_way_on_stdout();
  const auto job = [bytes] { return write_to_stdout(bytes); };
  int error = 0;
  if (bytes.size() <= PIPE_BUF && takes_a_line(STDOUT_FILENO)) {
    error = job();  // a pipe that takes anything takes so much
  } else {
    writing_ = true;
    error = co_await offload(session_->system().offload, job);
    writing_ = false;
    moved();
  }
  if (error == 0) co_return;
  reader_gone_ = error == EPIPE;
  throw Error(ErrorCode::io, std::string("cannot write: ") + std::strerror(error), "stdout");
}

void LookingCommand::moved(std::uint64_t bytes) {
  bytes_ += bytes;
  stall_->moved(session_->now());
}

void LookingCommand::tick() {
  const TimePoint now = session_->now();
  const std::size_t arriving = reader_->bytes_arriving();
  if (std::exchange(arriving_, arriving) != arriving) stall_->moved(now);
  if (!writing_) stall_->check(now, wait_with_troubles());
  most_come_ = std::max(most_come_, bytes_ + arriving);
  rate_.update(now, most_come_);
  const bool waits = stall_->idle(now) >= kNoticeableWait;
  const std::uint64_t total = reader_->bytes_to_read();
  std::optional<Duration> rest;
  if (total > 0) rest = rate_.time_for(total - std::min(total, bytes_));
  session_->output().progress({.name = service::suggested_name(link_),
                               .bytes_done = bytes_,
                               .bytes_total = total,
                               .rate = rate_.rate(),
                               .rest = rest,
                               .peers = std::nullopt,
                               .what = {},
                               .waiting = waits ? wait_in_short() : std::string()},
                              now);
}

std::string LookingCommand::wait() const {
  if (writing_) return "waiting for the reader of stdout";
  auto& swarm = session_->open_node().swarm();
  if (link_.providers.empty()) return service::waiting_for_peers(session_->open_node().context());
  if (!swarm.connections().all().empty()) return service::blocks_from(swarm);
  return service::connecting_to(link_.providers);
}

std::string LookingCommand::wait_in_short() const {
  const auto troubles = reader_->troubles();
  const bool connected = !session_->open_node().swarm().connections().all().empty();
  if (writing_ || connected || troubles.empty()) return wait();
  return service::trying_again(link_.providers, troubles);
}

std::string LookingCommand::wait_with_troubles() const {
  const std::string troubles = service::to_text(reader_->troubles());
  return troubles.empty() ? wait() : wait() + "; " + troubles;
}

}  // namespace shoal::cli
