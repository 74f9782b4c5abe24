#include "library/looking.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "library/bridge.h"
#include "library/parse.h"
#include "service/content_source.h"
#include "service/reader.h"
#include "service/sources.h"
#include "system/with_ticks.h"

namespace shoal::library {

namespace {

constexpr Duration kLook = 200ms;

EntryKind to_public(service::EntryKind kind) {
  switch (kind) {
    case service::EntryKind::file:
      return EntryKind::file;
    case service::EntryKind::folder:
      return EntryKind::folder;
    case service::EntryKind::symlink:
      return EntryKind::symlink;
    case service::EntryKind::unknown:
      return EntryKind::unknown;
  }
  return EntryKind::file;
}

/// None where nanoseconds do not reach: it is whatever a peer wrote.
std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> to_time(const UnixfsTime& time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
  if (time.seconds > kMost || time.seconds < -kMost) return std::nullopt;
  return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(time.seconds) +
                                                         std::chrono::nanoseconds(time.nanos));
}

Entry to_public(const service::Listed& listed) {
  Entry out{.path = listed.path,
            .kind = to_public(listed.kind),
            .bytes = listed.bytes,
            .cid = listed.cid.to_string(),
            .target = listed.target,
            .mode = {},
            .modified = {}};
  if (const auto& mode = listed.metadata.mode) out.mode = *mode & kUnixfsModeBits;
  if (const auto& mtime = listed.metadata.mtime) out.modified = to_time(*mtime);
  return out;
}

/// Ends a look that stands still for too long. Time that its user takes does not count.
class LookingWatch {
 public:
  LookingWatch(System& system, std::optional<Duration> timeout)
      : system_(system), timeout_(timeout), moved_(system.clock.now()) {}

  Task<void> run(std::function<std::uint64_t()> arriving, std::function<std::string()> wait,
                 Task<void> work) {
    if (!timeout_) {
      co_await std::move(work);
      co_return;
    }
    const auto look = [this, arriving = std::move(arriving), wait = std::move(wait)] {
      const TimePoint now = system_.clock.now();
      const std::uint64_t here = arriving();
      if (in_use_ || std::exchange(last_, here) != here) moved_ = now;
      if (now - moved_ < *timeout_) return;
      throw Error(ErrorCode::timeout, "no progress within the time given: " + wait());
    };
    co_await with_ticks(system_, std::min(kLook, *timeout_), look, std::move(work));
  }

  Task<void> hand_over(Loop& loop, Async<void> to_user) {
    in_use_ = true;
    co_await run_async(loop, std::move(to_user));
    in_use_ = false;
    moved_ = system_.clock.now();
  }

 private:
  System& system_;
  const std::optional<Duration> timeout_;
  TimePoint moved_;
  std::uint64_t last_ = 0;
  bool in_use_ = false;
};

/// One look into a link.
class Look {
 public:
  Look(NodeCore& core, const std::string& link, const LookOptions& options)
      : loop_(core.loop()),
        node_(core.node()),
        link_(to_link(link, options.providers, node_.config().connect)),
        reader_(node_.context(), {link_.providers, link_.cid}),
        watch_(node_.system(), options.timeout) {}

  const service::Link& link() const { return link_; }

  Task<void> run(Task<void> work) {
    co_await watch_.run([this] { return reader_.bytes_arriving(); }, [this] { return wait(); },
                        std::move(work));
  }

  Task<void> ls(const EntrySink& entry, bool recursive) {
    const Cid cid = co_await reader_.resolve(link_);
    co_await reader_.list(cid, recursive, [this, &entry](const service::Listed& found) {
      return watch_.hand_over(loop_, entry(to_public(found)));
    });
  }

  Task<void> cat(const PieceSink& piece, std::uint64_t offset,
                 std::optional<std::uint64_t> length) {
    const Cid cid = co_await reader_.resolve(link_);
    co_await reader_.read(cid, offset, length, [this, &piece](ByteView bytes) {
      return watch_.hand_over(loop_, piece(std::as_bytes(std::span(bytes))));
    });
  }

  Task<void> stat(service::Stat& result) {
    Cid cid = co_await reader_.resolve(link_);
    result = co_await reader_.stat(std::move(cid));
  }

 private:
  std::string wait() const {
    const std::string troubles = service::to_text(reader_.troubles());
    if (!troubles.empty()) return troubles;
    if (!node_.swarm().connections().all().empty()) return service::blocks_from(node_.swarm());
    return service::connecting_to(link_.providers);
  }

  Loop& loop_;
  node::Node& node_;
  const service::Link link_;
  service::Reader reader_;
  LookingWatch watch_;
};

Task<void> fetch(service::ContentSource& source, Cid cid, SharedBytes& block) {
  block = co_await source.block(std::move(cid));
}

}  // namespace

Task<void> ls(NodeCore& core, std::string link, EntrySink entry, LsOptions options) {
  Look look(core, link, options.look);
  co_await look.run(look.ls(entry, options.recursive));
}

Task<void> cat(NodeCore& core, std::string link, PieceSink piece, CatOptions options) {
  Look look(core, link, options.look);
  co_await look.run(look.cat(piece, options.offset, options.length));
}

Task<ContentStat> stat(NodeCore& core, std::string link, LookOptions options) {
  Look look(core, link, options);
  service::Stat found{.cid = look.link().cid};
  co_await look.run(look.stat(found));
  co_return ContentStat{.kind = to_public(found.kind),
                        .cid = found.cid.to_string(),
                        .bytes = found.bytes,
                        .blocks = found.blocks,
                        .files = found.files,
                        .folders = found.folders,
                        .blocks_held = found.blocks_held};
}

Task<std::vector<Provider>> find_providers(NodeCore& core, std::string cid) {
  node::Node& node = core.node();
  std::vector<Provider> out;
  const auto found = [&](const routing::Found& provider) {
    Provider one{.peer_id = provider.peer.to_string(),
                 .addresses = {},
                 .source = std::string(routing::name_of(provider.source))};
    for (const Multiaddr& address : node.swarm().peers().addresses(provider.peer)) {
      one.addresses.push_back(address.to_string());
    }
    out.push_back(std::move(one));
  };
  co_await node.routing().find_providers(to_link(cid, {}, {}).cid, found);
  co_return out;
}

Task<std::vector<std::byte>> get_block(NodeCore& core, std::string cid, LookOptions options) {
  node::Node& node = core.node();
  const service::Link link = to_link(cid, options.providers, node.config().connect);
  if (!link.path.empty()) throw Error(ErrorCode::usage, "a block has no path", cid);
  service::ContentSource source(node.context(), {link.providers, link.cid});
  LookingWatch watch(node.system(), options.timeout);
  SharedBytes block;
  const auto wait = [&source, &link] {
    const std::string troubles = service::to_text(source.troubles());
    return troubles.empty() ? service::connecting_to(link.providers) : troubles;
  };
  co_await watch.run([&source] { return source.bytes_arriving(); }, wait,
                     fetch(source, link.cid, block));
  const auto bytes = std::as_bytes(std::span(block.view()));
  co_return std::vector<std::byte>(bytes.begin(), bytes.end());
}

bool has_block(NodeCore& core, const std::string& cid) {
  return core.node().store().has(to_link(cid, {}, {}).cid.hash());
}

}  // namespace shoal::library
