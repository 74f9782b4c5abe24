#include "service/get.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "content/transfer/download.h"
#include "service/content_session.h"
#include "service/reader.h"
#include "service/share.h"
#include "service/sources.h"
#include "service/target_name.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {

constexpr Duration kLook = 100ms;
constexpr Duration kFarewell = 1s;
// How long others who get the same are still served at the end: at most, as a part of what the
// download took while a source is there, and until they have asked.
constexpr Duration kLinger = 3s;
constexpr int kLingerPart = 10;
constexpr Duration kFirstLinger = 200ms;

}  // namespace

struct Get::State {
  State(Context parts, GetOptions wanted)
      : context(parts),
        options(std::move(wanted)),
        session(context, options.link.cid, options.link.providers,
                ContentSession::Exchange::with_neighbours),
        started(system.clock.now()) {}

  const Context context;
  System& system = context.system;
  net::Swarm& swarm = context.swarm;
  const GetOptions options;
  ContentSession session;
  const TimePoint started;
  std::string name;
  std::optional<Cid> root;
  std::unique_ptr<Reader> path_reader;  // while the link's path is looked up
  std::unique_ptr<content::Download> download;
  std::function<void(const Cid&)> when_serving;
  std::function<void(const std::string&, const content::LostFiles&)> when_replacing;

  content::Download::Place to_place(const TargetPlace& target) const {
    return {target.folder, target.name, options.replace, options.limits};
  }

  /// Bytes that tell apart a download that moves from one that does not.
  std::uint64_t movement() const {
    std::uint64_t out = session->counts().bytes_hashed + session->bytes_arriving();
    if (path_reader) out += path_reader->bytes_arriving();
    if (download) out += download->counts().done_bytes + download->counts().hashed_bytes;
    return out;
  }

  Task<void> fetch() {
    Cid cid = options.link.cid;
    if (!options.link.path.empty()) {
      path_reader = std::make_unique<Reader>(context, Origin{options.link.providers});
      cid = co_await path_reader->resolve(options.link);
      path_reader.reset();
    }
    root = cid;
    Link found = options.link;
    found.cid = cid;
    const TargetPlace target = choose_target(system.storage, found, options.output);
    name = target.name;
    const auto itself = target.in_given_folder ? folder_itself(target) : std::nullopt;
    download = std::make_unique<content::Download>(system, context.store, context.bitswap, *session,
                                                   cid, to_place(itself.value_or(target)));
    if (itself) {
      const bool is_there = co_await download->is_there();
      if (is_there) {
        name = itself->name;
      } else {
        download->move_to(to_place(target));
      }
    }
    download->when_replacing([this](const content::LostFiles& lost) {
      if (when_replacing) when_replacing(download->path(), lost);
    });
    download->when_root_held([this] {
      if (when_serving) when_serving(*root);
    });
    co_await download->run();
  }

  GetStatus status() const {
    GetStatus out;
    out.peers = session->live_peers();
    out.bytes_arriving = session->bytes_arriving();
    out.bytes_received = session->counts().bytes_hashed + out.bytes_arriving;
    if (download) {
      const content::DownloadCounts counts = download->counts();
      out.bytes_done = counts.done_bytes;
      // Nodes of folders that have not come yet may be among them; in the end it is known better.
      out.bytes_total = download->complete()
                            ? counts.content_bytes
                            : std::max(download->expected_bytes(), counts.content_bytes);
      out.busy = busy(out.bytes_total > 0 && out.bytes_done == out.bytes_total);
      if (download->complete()) {
        out.files = counts.files;
        out.blocks = counts.blocks;
      }
    }
    if (!out.busy.empty()) return out;
    if (session.asks_anybody() && session->counts().sources.empty()) {
      out.waiting = Waiting::peers;
      out.detail = waiting_for_peers(context);
    } else if (out.peers == 0 && !session.asks_anybody()) {
      out.waiting = Waiting::connection;
      out.detail = trying_again(options.link.providers, session->troubles());
    } else {
      out.waiting = Waiting::blocks;
      out.detail = blocks_from(swarm);
    }
    return out;
  }

  std::string_view busy(bool all_here) const {
    if (download->complete()) return "notifying the sources";
    if (download->checking_existing()) return "verifying what is already here";
    if (download->finishing() || all_here) return "writing to the disk";
    return {};
  }

  /// What stands still, and what went wrong with those who could help.
  std::string wait() const {
    const GetStatus now = status();
    const std::string troubles = to_text(session->troubles());
    std::string out = now.busy.empty() ? now.detail : std::string(now.busy);
    if (now.waiting == Waiting::connection) out = connecting_to(options.link.providers);
    return troubles.empty() ? out : out + "; " + troubles;
  }

  /// Ends the work by an error when it stands still for too long.
  Task<void> watch(TaskGroup& work, std::exception_ptr& failure) {
    std::uint64_t last = movement();
    TimePoint moved = system.clock.now();
    while (true) {
      co_await system.clock.sleep_for(std::min<Duration>(kLook, *options.timeout));
      const TimePoint now = system.clock.now();
      if (const std::uint64_t here = movement(); here != last) {
        last = here;
        moved = now;
      }
      if (download && download->finishing()) co_return;
      if (now - moved < *options.timeout) continue;
      failure = std::make_exception_ptr(Error(ErrorCode::timeout,
                                              "no progress within --timeout: " + wait(), name,
                                              "run the same command to resume"));
      work.cancel();
      co_return;
    }
  }

  Task<void> fetch_into(std::exception_ptr& failure) {
    try {
      co_await fetch();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }

  Task<void> fetch_watched() {
    std::exception_ptr failure;
    TaskGroup work(system.waits, "get");
    TaskGroup watchdog(system.waits, "watch");
    work.spawn(fetch_into(failure));
    if (options.timeout) watchdog.spawn(watch(work, failure));
    std::exception_ptr cancelled;
    try {
      co_await work.join();
    } catch (...) {
      cancelled = std::current_exception();
    }
    co_await watchdog.stop();
    co_await work.stop();
    if (cancelled) std::rethrow_exception(cancelled);
    if (failure) std::rethrow_exception(failure);
  }

  /// All at once: those that have gone quiet cost no more than one of them.
  Task<void> tell_sources() {
    TaskGroup telling(system.waits, "farewell");
    for (const content::SourceCount& source : session->counts().sources) {
      telling.spawn(tell_done(system, swarm, source.peer, *root));
    }
    std::exception_ptr cancelled;
    try {
      co_await within(system.clock, kFarewell, telling.join(), "telling the sources");
    } catch (const Error&) {
      // Their count is their own business.
    } catch (...) {
      cancelled = std::current_exception();
    }
    co_await telling.stop();
    if (cancelled) std::rethrow_exception(cancelled);
  }

  /// Whether somebody whom the link names is connected.
  bool has_source() const {
    return std::ranges::any_of(options.link.providers, [this](const Multiaddr& provider) {
      const auto peer = provider.peer();
      return peer && swarm.best(*peer) != nullptr;
    });
  }

  /// What this getter alone has, if its source goes now, should not go with it. While a source is
  /// there, a getter that is much slower than this one does not hold it up.
  Task<void> linger(Duration took) {
    if (!session->together()) co_return;
    const Duration most = has_source() ? std::min<Duration>(kLinger, took / kLingerPart) : kLinger;
    const TimePoint end = system.clock.now() + most;
    Duration pause = kFirstLinger;
    do {
      co_await system.clock.sleep_for(std::min<Duration>(pause, end - system.clock.now()));
      pause = kLook;
    } while (context.bitswap.is_giving() && system.clock.now() < end);
  }

  /// Where the link says that a source is, which by now may have gone.
  std::optional<Multiaddr> named_address(const PeerId& source) const {
    for (const Multiaddr& provider : options.link.providers) {
      if (provider.peer() != source) continue;
      if (Multiaddr address = provider.without_peer(); !address.empty()) return address;
    }
    return std::nullopt;
  }

  GetResult result() const {
    const content::DownloadCounts found = download->counts();
    const content::SessionCounts& fetched = session->counts();
    GetResult out{.path = download->path(), .cid = *root, .sources = {}};
    out.bytes = found.content_bytes;
    out.files = found.files;
    out.duration = system.clock.now() - started;
    out.blocks = found.blocks;
    out.blocks_resumed = found.blocks_resumed;
    out.blocks_fetched = fetched.blocks_fetched;
    out.blocks_duplicate = fetched.blocks_duplicate;
    out.bytes_hashed = fetched.bytes_hashed + found.hashed_bytes;
    for (const content::SourceCount& source : fetched.sources) {
      const net::Connection* open = swarm.best(source.peer);
      std::optional<Multiaddr> address = named_address(source.peer);
      if (open != nullptr) address = open->remote();
      out.sources.push_back({source.peer, address, source.blocks, source.bytes});
    }
    return out;
  }
};

Get::Get(Context context, GetOptions options)
    : state_(std::make_unique<State>(context, std::move(options))) {}

Get::~Get() = default;

Task<GetResult> Get::run() {
  co_await state_->fetch_watched();
  co_await state_->session->settle();
  state_->session.set_whole();
  GetResult done = state_->result();
  co_await state_->linger(done.duration);
  co_await state_->tell_sources();
  co_return done;
}

GetStatus Get::status() const {
  return state_->status();
}

const content::SessionCounts& Get::fetched() const {
  return state_->session->counts();
}

std::string Get::name() const {
  return state_->name;
}

void Get::when_serving(std::function<void(const Cid&)> callback) {
  state_->when_serving = std::move(callback);
}

void Get::when_replacing(
    std::function<void(const std::string& path, const content::LostFiles&)> callback) {
  state_->when_replacing = std::move(callback);
}

std::optional<ReplacedTarget> Get::replaced() const {
  const auto* download = state_->download.get();
  if (download == nullptr || !download->removed()) return std::nullopt;
  const content::Removed& removed = *download->removed();
  return ReplacedTarget{.path = download->path(),
                        .lost = removed.lost,
                        .left = removed.left,
                        .reason = removed.reason};
}

const content::NotPlacedList* Get::not_placed() const {
  return state_->download ? &state_->download->not_placed() : nullptr;
}

std::string Get::metadata_trouble() const {
  const auto* download = state_->download.get();
  if (download == nullptr || download->metadata_failures() == 0) return {};
  const std::uint64_t count = download->metadata_failures();
  return "modes or times of " + std::to_string(count) + (count == 1 ? " name" : " names") +
         " could not be set: " + download->metadata_failure();
}

void Get::when_bad_peer(std::function<void(const content::BadPeer&)> callback) {
  state_->context.bitswap.when_bad_peer(std::move(callback));
}

}  // namespace shoal::service
