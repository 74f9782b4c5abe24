#include <shoal/share.h>

#include <utility>

#include "base/error.h"
#include "library/bridge.h"
#include "library/share_core.h"
#include "system/with_ticks.h"

namespace shoal {

namespace library {

namespace {
constexpr Duration kProgressPeriod = 200ms;
}

ShareCore::ShareCore(std::shared_ptr<Loop> its_loop, node::Node& its_node)
    : loop(std::move(its_loop)),
      node(its_node),
      share(std::make_unique<service::Share>(its_node.system(), its_node.swarm(), its_node.store(),
                                             its_node.bitswap())),
      sent(its_node.system().waits) {
  share->when_sent([this](const service::SentToPeer&) { sent.notify_all(); });
}

Task<void> ShareCore::index(std::vector<std::string> paths, ShareOptions options) {
  content::ImportOptions import;
  import.name = std::move(options.name);
  import.exclude = std::move(options.exclude);
  import.hidden = options.hidden;
  import.preserve = options.preserve;
  import.home = node.config().home;
  const auto tell = [this, progress = std::move(options.progress)] {
    if (!progress) return;
    content::ImportProgress now = share->progress();
    progress({.path = std::move(now.path),
              .bytes_done = now.bytes_done,
              .bytes_total = now.bytes_total});
  };
  Task<content::ImportResult> work = share->index(std::move(paths), std::move(import));
  content::ImportResult result =
      co_await with_ticks(loop->system(), kProgressPeriod, tell, std::move(work));
  cid = result.root.to_string();
  bytes = result.bytes;
  files = result.files;
  warnings = std::move(result.warnings);
}

service::Share& ShareCore::live() const {
  if (ended()) throw Error(ErrorCode::closed, "this share has ended", cid);
  return *share;
}

Task<void> ShareCore::wait_for_downloads(std::uint64_t times) {
  while (live().complete_downloads() < times) co_await sent.wait();
}

Task<void> ShareCore::end() {
  // Taken away first, so that nobody begins to use it meanwhile.
  const std::unique_ptr<service::Share> last = std::move(share);
  sent.notify_all();
  if (last) co_await last->stop();
}

namespace {

Async<void> wait_on(std::shared_ptr<ShareCore> core, std::uint64_t times) {
  co_await WaitForTask(*core->loop, core->wait_for_downloads(times));
}

Async<void> stop_on(std::shared_ptr<ShareCore> core) {
  co_await WaitForTask(*core->loop, core->end());
}

}  // namespace

}  // namespace library

std::string Share::link() const {
  std::string out;
  library::call(*core_->loop,
                [this, &out] { out = core_->live().link(core_->node.addresses()).to_string(); });
  return out;
}

const std::string& Share::cid() const {
  return core_->cid;
}

std::uint64_t Share::bytes() const {
  return core_->bytes;
}

std::uint64_t Share::files() const {
  return core_->files;
}

const std::vector<std::string>& Share::warnings() const {
  return core_->warnings;
}

std::uint64_t Share::complete_downloads() const {
  std::uint64_t out = 0;
  library::call(*core_->loop, [this, &out] { out = core_->live().complete_downloads(); });
  return out;
}

std::uint64_t Share::bytes_sent() const {
  std::uint64_t out = 0;
  library::call(*core_->loop, [this, &out] { out = core_->live().bytes_sent(); });
  return out;
}

Async<void> Share::downloaded(std::uint64_t times) {
  return library::wait_on(core_, times);
}

Async<void> Share::stop() {
  return library::stop_on(core_);
}

}  // namespace shoal
