#include "cli/announcer.h"

#include "base/error.h"
#include "cli/holder_text.h"
#include "node/status.h"
#include "protocol/kad/finder.h"
#include "system/join.h"
#include "system/task_group.h"

namespace shoal::cli {

namespace {

/// A share announces within seconds when there is somebody to tell.
constexpr Duration kPatience = 20s;
constexpr Duration kPause = 500ms;

std::optional<Announcer> read_announcer(const node::RunningNode& node, const Cid& cid) {
  if (!node.running) return std::nullopt;
  for (const node::Running::Served& served : node.running->served) {
    if (served.link.cid.hash() != cid.hash()) continue;
    return Announcer{.peer = PeerId::parse(node.running->peer_id),
                     .told_peers = served.told_peers,
                     .text = holder_text(node.holder)};
  }
  return std::nullopt;
}

Task<void> look_up(kad::Dht* dht, Multihash content, kad::PeerSink sink) {
  co_await dht->find_providers(std::move(content), std::move(sink), kad::Finder::kMaxProviders);
}

/// Whether the DHT names `peer` as a provider. Ends with the first answer that does.
Task<bool> names(Session& session, kad::Dht& dht, Cid cid, PeerId peer) {
  bool found = false;
  TaskGroup search(session.system().waits, "record of a share");
  const kad::PeerSink sink = [&](const kad::PeerInfo& provider) {
    if (provider.id != peer) return;
    found = true;
    search.cancel();
  };
  search.spawn(look_up(&dht, cid.hash(), sink));
  co_await join_or_stop(search);
  co_return found;
}

[[noreturn]] void not_findable(const Announcer& announcer, const Cid& cid) {
  if (announcer.told_peers == 0) {
    throw Error(ErrorCode::unreachable,
                "there is no network to announce it to for " + announcer.text, cid.to_string(),
                "give that share --bootstrap ADDRESS, a peer of one");
  }
  throw Error(ErrorCode::unreachable,
              "its record cannot be found from here, though it was announced by " + announcer.text,
              cid.to_string(), "give the same --bootstrap ADDRESS or --public here as there");
}

}  // namespace

std::optional<Announcer> find_announcer(Session& session, const Cid& cid) {
  Storage& storage = session.system().storage;
  std::optional<Announcer> out;
  for (const auto& node : node::running_nodes(storage, storage.absolute(session.home()))) {
    auto found = read_announcer(node, cid);
    if (found && (!out || found->told_peers > out->told_peers)) out = std::move(found);
  }
  return out;
}

Task<std::size_t> wait_until_findable(Session& session, node::Node& node, Cid cid,
                                      Announcer announcer) {
  const TimePoint end = session.now() + kPatience;
  while (true) {
    auto now = find_announcer(session, cid);
    if (!now) {
      throw Error(ErrorCode::unreachable,
                  "it is no longer served: " + announcer.text + " has ended", cid.to_string());
    }
    announcer = std::move(*now);
    if (announcer.told_peers > 0) {
      const bool found = co_await names(session, node.dht()->dht(), cid, announcer.peer);
      if (found) co_return announcer.told_peers;
    }
    if (session.now() >= end) not_findable(announcer, cid);
    co_await session.system().clock.sleep_for(kPause);
  }
}

}  // namespace shoal::cli
