#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "protocol/kad/address_policy.h"
#include "protocol/kad/finder.h"
#include "protocol/kad/lookup.h"
#include "protocol/kad/lost_peers.h"
#include "protocol/kad/network_size.h"
#include "protocol/kad/publisher.h"
#include "protocol/kad/reprovider.h"
#include "protocol/kad/routing_table.h"
#include "protocol/kad/rpc.h"
#include "protocol/kad/server.h"
#include "protocol/kad/validator.h"

namespace shoal::lab {

class LightNet;
class LightNode;

/// What an attacker answers; none: nothing, and whoever asks waits.
using Answering =
    std::function<std::optional<kad::Message>(const kad::Message& request, const LightNode& from)>;

/// A node of a LightNet: the parts of a DHT node, over modelled connections.
class LightNode final : private kad::RpcClient, private kad::PeerTable {
 public:
  static constexpr std::size_t kMaxConnected = 160;
  static constexpr std::size_t kMaxLearned = 1024;

  /// Borrows the net for its life; stop() before it is destroyed.
  LightNode(LightNet& net, std::uint32_t index);
  LightNode(const LightNode&) = delete;
  LightNode& operator=(const LightNode&) = delete;
  Task<void> stop();

  std::uint32_t index() const { return index_; }
  const PeerId& id() const { return context_.self; }
  Multiaddr multiaddr() const;

  /// It is connected to that node, which serves the DHT.
  void meet(std::uint32_t other);
  /// Answers as `answering` says from now on, instead of by the server.
  void behave(Answering answering) { answering_ = std::move(answering); }
  /// Whether others take it into their tables.
  void set_server(bool server) { is_server_ = server; }
  void set_rules(const kad::Rules& rules) { context_.rules = rules; }

  Task<kad::Closest> find_closest(Bytes wire_key);
  /// Providers, in the order in which they were found.
  Task<std::vector<PeerId>> find_providers(Multihash content, std::size_t enough);
  Task<std::size_t> provide(Multihash content) { return publisher_.provide(content); }
  Task<void> settle() { return publisher_.settle(); }
  /// What it announces again in every sweep; works from the first call on.
  kad::Reprovider& reprovider();
  /// What a node does every minute: tries lost peers again, and if one answers or something is
  /// stale, looks up itself and what is stale.
  Task<void> keep_up();
  /// Lookups toward random keys, from which it knows how large the network is.
  Task<void> measure_network(std::size_t lookups);
  /// Without it, peers that are lost are forgotten.
  void remember_lost(bool remember) { remembers_lost_ = remember; }

  const kad::RoutingTable& table() const { return table_; }
  kad::RoutingTable& table() { return table_; }
  kad::ProviderStore& providers() { return providers_; }
  /// Requests that others sent here.
  std::uint64_t served() const { return served_; }
  std::uint64_t asked() const { return asked_; }

 private:
  Task<kad::Answer> ask(PeerId peer, std::vector<kad::Message> messages,
                        Duration deadline) override;
  bool connected(const PeerId& peer) const override;
  std::vector<Multiaddr> addresses(const PeerId& peer) const override;
  void learn(const kad::PeerInfo& peer) override;
  std::vector<Multiaddr> usable(const std::vector<Multiaddr>& addresses) const override;

  std::vector<PeerId> closest(const kad::Key& target, std::size_t count) const override;
  void answered(const PeerId& peer, Duration round_trip) override;
  void failed(const PeerId& peer) override;

  std::optional<std::uint32_t> reachable(const PeerId& peer) const;
  bool knows_address(const PeerId& peer, std::uint32_t index) const;
  /// None when nothing comes back. Throws as the server does.
  std::optional<kad::Message> serve(const kad::Message& request, LightNode& from);
  void connect(std::uint32_t other);
  /// It is alive.
  void hear_of(std::uint32_t other);
  Task<void> try_again(kad::PeerInfo peer);
  Task<void> look_up(Bytes wire_key);

  LightNet& net_;
  const std::uint32_t index_;
  kad::RoutingTable table_;
  kad::RoundTrips round_trips_;
  kad::NetworkSize network_size_;
  kad::Validators validators_;
  kad::ProviderStore providers_;
  kad::ValueStore values_;
  kad::Server server_;
  kad::AddressPolicy policy_;
  kad::LookupContext context_;
  kad::Finder finder_;
  kad::Publisher publisher_;
  std::optional<kad::Reprovider> reprovider_;
  Answering answering_;
  bool is_server_ = true;
  bool remembers_lost_ = true;
  kad::LostPeers lost_;
  std::size_t found_again_ = 0;
  std::deque<std::uint32_t> connected_;  // oldest first
  std::map<PeerId, std::vector<Multiaddr>> learned_;
  std::uint64_t served_ = 0;
  std::uint64_t asked_ = 0;
};

}  // namespace shoal::lab
