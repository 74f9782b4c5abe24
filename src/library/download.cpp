#include "library/download.h"

#include <algorithm>
#include <utility>

#include "library/parse.h"
#include "service/get.h"
#include "system/rate_meter.h"
#include "system/with_ticks.h"

namespace shoal::library {

namespace {

constexpr Duration kProgressPeriod = 200ms;
// Between two blocks there is always a wait; one is worth a word when it lasts.
constexpr Duration kNoticeable = 500ms;

WaitingFor to_waiting(service::Waiting waiting) {
  switch (waiting) {
    case service::Waiting::nothing:
      return WaitingFor::nothing;
    case service::Waiting::peers:
      return WaitingFor::peers;
    case service::Waiting::connection:
      return WaitingFor::connection;
    case service::Waiting::blocks:
      return WaitingFor::blocks;
  }
  return WaitingFor::nothing;
}

/// What the user's callback is told.
class Watch {
 public:
  Watch(Clock& clock, const service::Get& get) : clock_(clock), get_(get), moved_(clock.now()) {}

  GetProgress look() {
    service::GetStatus status = get_.status();
    const TimePoint now = clock_.now();
    if (status.bytes_done != last_) moved_ = now;
    last_ = status.bytes_done;
    received_ = std::max(received_, status.bytes_received);
    rate_.update(now, received_);
    GetProgress out{.name = get_.name(),
                    .bytes_done = status.bytes_done,
                    .bytes_total = status.bytes_total,
                    .rate = rate_.rate(),
                    .peers = status.peers,
                    .waiting_for = WaitingFor::nothing,
                    .detail = {}};
    if (now - moved_ < kNoticeable) return out;
    out.waiting_for = to_waiting(status.waiting);
    out.detail = std::move(status.detail);
    return out;
  }

 private:
  Clock& clock_;
  const service::Get& get_;
  TimePoint moved_;
  std::uint64_t last_ = 0;
  std::uint64_t received_ = 0;
  RateMeter rate_;
};

/// `known` are peers to ask as well.
service::GetOptions to_own(const std::string& link, const GetOptions& options,
                           const std::vector<Multiaddr>& known) {
  return {.link = to_link(link, options.providers, known),
          .output = options.output,
          .replace = options.replace,
          .timeout = options.timeout};
}

GetResult to_public(const service::GetResult& done) {
  GetResult out{.path = done.path,
                .cid = done.cid.to_string(),
                .bytes = done.bytes,
                .files = done.files,
                .duration = done.duration,
                .blocks = done.blocks,
                .blocks_resumed = done.blocks_resumed,
                .blocks_fetched = done.blocks_fetched,
                .blocks_duplicate = done.blocks_duplicate,
                .sources = {}};
  for (const service::SourceResult& source : done.sources) {
    out.sources.push_back({.peer_id = source.peer.to_string(),
                           .address = source.address ? source.address->to_string() : "",
                           .bytes = source.bytes,
                           .blocks = source.blocks});
  }
  return out;
}

}  // namespace

Task<GetResult> get(node::Node& node, std::string link, GetOptions options) {
  service::Get get(node.context(), to_own(link, options, node.config().connect));
  Watch watch(node.system().clock, get);
  const auto tell = [&watch, &options] {
    if (options.progress) options.progress(watch.look());
  };
  Task<service::GetResult> work = get.run();
  const service::GetResult done =
      co_await with_ticks(node.system(), kProgressPeriod, tell, std::move(work));
  co_return to_public(done);
}

}  // namespace shoal::library
