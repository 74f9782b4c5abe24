#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "format/cid.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "system/task.h"

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

/// One way to find peers and content, and to be found. Searches end by themselves when there is
/// nothing more to ask, or when they are cancelled. An Error that leaves one ends that router's
/// part of a search alone.
class Router {
 public:
  virtual ~Router() = default;

  /// What it searches, as in "looking in the DHT".
  virtual std::string_view where() const = 0;
  /// Peers that say they have `cid`.
  virtual Task<void> find_providers(Cid cid, FoundSink sink) = 0;
  /// Addresses of one peer.
  virtual Task<void> find_peer(PeerId peer, FoundSink sink) = 0;

  /// Announces that `cid` can be had from this node, again as often as the network forgets, until
  /// withdraw(). Returns when others can find it, with the number of peers that know by then; 0
  /// when there is nobody to tell yet, or when this router does not announce.
  virtual Task<std::size_t> provide(Cid cid);
  virtual void withdraw(const Cid& cid);
  /// Returns when announcements that go on behind provide() are complete.
  virtual Task<void> settle();
};

}  // namespace shoal::routing
