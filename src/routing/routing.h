#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format/cid.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "system/task.h"
#include "system/time.h"

namespace shoal::routing {

/// Where an answer comes from; cli.md names them so.
enum class Source { link, connected, lan, dht, http };
std::string_view name_of(Source source);

/// A peer that somebody names. Addresses are without /p2p, and claimed: the peer store decides what
/// they are worth.
struct Found {
  PeerId peer;
  std::vector<Multiaddr> addresses;
  Source source;
};

/// Called for each answer as it comes, on the event loop. Must not wait.
using FoundSink = std::function<void(const Found&)>;

/// One way to find peers and content. Searches end by themselves when there is nothing more to ask
/// now, or when they are cancelled; what fails in them is logged, not thrown.
class Router {
 public:
  virtual ~Router() = default;
  virtual std::string_view name() const = 0;

  /// Peers that say they have `cid`.
  virtual Task<void> find_providers(Cid cid, FoundSink sink) = 0;
  /// Addresses of one peer.
  virtual Task<void> find_peer(PeerId peer, FoundSink sink) = 0;
};

/// A router that others find us by.
class Announcer {
 public:
  virtual ~Announcer() = default;
  /// `cid` can be had here from now on, until withdraw(). Returns when others can find it; the rest
  /// goes on behind. The number of peers that know by then.
  virtual Task<std::size_t> provide(Cid cid) = 0;
  virtual void withdraw(const Cid& cid) = 0;
};

}  // namespace shoal::routing
