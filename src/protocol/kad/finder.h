#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "format/multihash.h"
#include "protocol/kad/lookup.h"

namespace shoal::kad {

/// Called as answers come, on the event loop; must not wait. Addresses are usable by the node's
/// AddressPolicy, and only claimed; there may be none.
using PeerSink = std::function<void(const PeerInfo&)>;

using HopSink = std::function<void(const Hop&)>;

struct Closest {
  /// That answered, nearest first: twice kReplication at most, or all within the radius.
  std::vector<PeerId> peers;
  /// How many of them lie within the radius (Rules::radius).
  std::size_t within_radius = 0;
  std::vector<Hop> hops;
  Duration took{};
};

/// What a value under a key must be.
struct ValueRules {
  std::function<bool(ByteView key, ByteView value)> valid;
  /// Whether `a` replaces `b`; both are valid.
  std::function<bool(ByteView a, ByteView b)> better;
};

struct FoundValue {
  std::optional<Bytes> value;
  /// Peers that had exactly this value.
  std::size_t holders = 0;
  /// Of the closest that answered: those that had another, or none.
  std::vector<PeerId> outdated;
};

/// Questions to the DHT: libp2p specs, kad-dht. All are cancellable; peers that fail are passed
/// over, and nothing found is an empty answer.
class Finder {
 public:
  /// Providers of one search; more are left out.
  static constexpr std::size_t kMaxProviders = 1000;
  /// Peers that must name an address before a peer counts as found.
  static constexpr std::size_t kWitnesses = 3;

  /// Borrows it for its life.
  explicit Finder(LookupContext& context) : context_(context) {}

  /// The peers closest to the SHA-256 of `wire_key` (1 to 80 bytes).
  /// `sink` is told of each peer as it answers.
  Task<Closest> find_closest(Bytes wire_key, HopSink sink = {});

  /// Addresses of `peer`, each once. Ends when the peer itself or kWitnesses others have answered
  /// with some, or when nobody else is to be asked.
  Task<void> find_peer(PeerId peer, PeerSink sink);

  /// Providers of `content`, each once, until there are `enough`; the number found. The answer of
  /// one peer makes up a quarter of enough at most.
  Task<std::size_t> find_providers(Multihash content, PeerSink sink, std::size_t enough);

  /// The best valid value under `key` once `quorum` peers had a valid one, or all were asked.
  Task<FoundValue> get_value(Bytes key, ValueRules rules, std::size_t quorum);

 private:
  LookupContext& context_;
};

}  // namespace shoal::kad
