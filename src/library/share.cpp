#include <shoal/share.h>

#include <utility>

#include "base/error.h"
#include "library/bridge.h"
#include "library/share_core.h"
#include "library/subscribe.h"
#include "service/reader.h"
#include "system/with_ticks.h"

namespace shoal {

namespace library {

namespace {
constexpr Duration kProgressPeriod = 200ms;
}

ShareCore::ShareCore(std::shared_ptr<Loop> its_loop, node::Node& its_node, UncaughtPtr its_uncaught)
    : loop(std::move(its_loop)),
      uncaught(std::move(its_uncaught)),
      node(its_node),
      share(std::make_unique<service::Share>(its_node.context(), its_node.done_listener())),
      changed(its_node.system().waits) {
  share->when_sent([this](const service::SentToPeer& sent) { tell_sent(sent); });
  share->when_missed([this](const std::string& path) { missing.notify(path); });
}

void ShareCore::tell_sent(const service::SentToPeer& sent) {
  changed.notify_all();
  if (sent_to_peer.empty()) return;
  sent_to_peer.notify(
      {.peer_id = sent.peer.to_string(), .bytes = sent.bytes, .complete = sent.complete});
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
  if (result.omissions.unexpected()) {
    warnings.push_back("left out: " + content::unexpected_text(result.omissions));
  }
  share->announce({});
}

service::Share& ShareCore::live() const {
  if (ending) throw Error(ErrorCode::closed, "this share has ended", cid);
  return *share;
}

Task<void> ShareCore::wait_for_downloads(std::uint64_t times) {
  while (live().complete_downloads() < times) co_await changed.wait();
}

Task<void> ShareCore::adopt(Cid root) {
  service::Reader reader(node.context(), {}, {}, service::Fetching::never);
  const service::Stat stat = co_await reader.stat(root);
  if (stat.blocks_held < stat.blocks) {
    throw Error(ErrorCode::not_found, "this node does not have all of it", root.to_string(),
                "get it first");
  }
  cid = root.to_string();
  bytes = stat.bytes;
  files = stat.files;
  co_await share->adopt(std::move(root));
  share->announce({});
}

Task<void> ShareCore::end() {
  if (std::exchange(ending, true)) {
    while (!ended()) co_await changed.wait_uncancellable();
    co_return;
  }
  changed.notify_all();
  std::exception_ptr failure;
  try {
    co_await share->stop();
  } catch (...) {
    failure = std::current_exception();
  }
  share.reset();
  changed.notify_all();
  if (failure) std::rethrow_exception(failure);
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

Subscription Share::on_sent(std::function<void(const SentToPeer&)> callback) {
  const auto add = [core = core_.get(), tell = library::reporting(core_->uncaught, "Share::on_sent",
                                                                  std::move(callback))] {
    core->live();
    return core->sent_to_peer.add(tell);
  };
  return library::subscribe(core_->loop, add);
}

Subscription Share::on_missing(std::function<void(const std::string&)> callback) {
  const auto add =
      [core = core_.get(),
       tell = library::reporting(core_->uncaught, "Share::on_missing", std::move(callback))] {
        core->live();
        return core->missing.add(tell);
      };
  return library::subscribe(core_->loop, add);
}

Async<void> Share::downloaded(std::uint64_t times) {
  return library::wait_on(core_, times);
}

Async<void> Share::stop() {
  return library::stop_on(core_);
}

}  // namespace shoal
