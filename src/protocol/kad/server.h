#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "protocol/kad/message.h"
#include "protocol/kad/provider_store.h"
#include "protocol/kad/request_limiter.h"
#include "protocol/kad/routing_table.h"
#include "protocol/kad/value_store.h"
#include "system/random.h"
#include "system/time.h"

namespace shoal::kad {

/// Answers the requests of other peers (libp2p specs, kad-dht: RPC messages) from the routing table
/// and the records of this node. Sans-I/O.
class Server {
 public:
  static constexpr std::size_t kMaxCloser = kReplication;
  /// Addresses of one peer in an answer; fewer where many peers are named, since an answer has at
  /// most kMaxAnswerBytes: rust-libp2p reads no longer ones.
  static constexpr std::size_t kMaxAddressBytes = 1024;
  static constexpr std::size_t kMaxAnswerBytes = 16 * 1024;

  enum class Scope { public_network, lan };
  /// Of any peer, ourselves among them, as far as they are known.
  using AddressesOf = std::function<std::vector<Multiaddr>(const PeerId&)>;
  struct State {
    const RoutingTable& table;
    ProviderStore& providers;
    ValueStore& values;
  };

  /// Borrows `state` and `random` for its life.
  Server(PeerId self, State state, AddressesOf addresses_of, Random& random, Scope scope);

  /// How long the next request of `from` has to wait. Throws Error{limit} when it asks too much.
  Duration admit(const PeerId& from, TimePoint now);

  /// None for a request that has no answer (ADD_PROVIDER). `remote` is the address that `from` is
  /// connected from. Throws Error{malformed} for a request that makes no sense, and what
  /// ValueStore::put throws: the stream is to be reset.
  std::optional<Message> answer(const Message& request, const PeerId& from, const Multiaddr& remote,
                                TimePoint now);

 private:
  Message find_node(const Message& request, const PeerId& from) const;
  Message get_providers(const Message& request, const PeerId& from, TimePoint now);
  void add_provider(const Message& request, const PeerId& from, const Multiaddr& remote,
                    TimePoint now);
  Message get_value(const Message& request, const PeerId& from, TimePoint now);
  Message put_value(const Message& request, const Multiaddr& remote, TimePoint now);

  /// Those of the table that are nearest to the key, without who asks and without `but`.
  std::vector<PeerInfo> closer(const Message& request, const PeerId& from,
                               const std::optional<PeerId>& but) const;
  std::vector<Multiaddr> usable(const std::vector<Multiaddr>& addresses) const;

  const PeerId self_;
  const State state_;
  const AddressesOf addresses_of_;
  Random& random_;
  const Scope scope_;
  RequestLimiter limiter_;
};

}  // namespace shoal::kad
