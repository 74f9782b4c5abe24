#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "protocol/kad/network_size.h"
#include "protocol/kad/query.h"
#include "protocol/kad/rpc.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::kad {

/// What lookups need of a routing table.
class PeerTable {
 public:
  virtual ~PeerTable() = default;
  /// Nearest first.
  virtual std::vector<PeerId> closest(const Key& target, std::size_t count) const = 0;
  virtual void answered(const PeerId& peer, Duration round_trip) = 0;
  /// While others answered: it is not we who are offline.
  virtual void failed(const PeerId& peer) = 0;
};

/// What all lookups of a node share. Borrowed; outlives them.
struct LookupContext {
  System& system;
  RpcClient& rpc;
  PeerTable& table;
  RoundTrips& round_trips;
  PeerId self;
  Rules rules{};
  /// Tells how far around a key its region reaches; null for lookups of the nearest alone.
  const NetworkSize* network_size = nullptr;
};

/// How long a request may take before it is given up altogether; it is late long before.
Duration request_limit(const Rules& rules, const Patience& patience);

/// One Query carried out: sends `request` to whoever is to be asked, until the query is done.
class Lookup {
 public:
  /// Peers of one lookup whose addresses are remembered until they are asked.
  static constexpr std::size_t kMaxPeersNamed = 1024;

  /// Called for each answer, before the query takes it. Must not wait; may call finish().
  using AnswerSink = std::function<void(const PeerId&, const Message&)>;

  Lookup(LookupContext& context, Message request, AnswerSink sink = {});

  /// Told of each peer once it has answered or failed. Must not wait.
  void when_hop(std::function<void(const Hop&)> sink) { hop_sink_ = std::move(sink); }

  /// Once. Cancellable.
  Task<void> run();
  void finish() { query_.finish(); }

  const Query& query() const { return query_; }

 private:
  Task<void> drive();
  Task<void> ask(PeerId peer);
  void tell_hop(const PeerId& peer) const;
  Task<void> next_event(std::size_t seen);
  void note_addresses(const Message& answer);
  void learn(const PeerId& peer);
  void report_failures() const;
  Patience patience_for(const PeerId& peer) const;

  LookupContext& context_;
  const Message request_;
  const AnswerSink sink_;
  std::function<void(const Hop&)> hop_sink_;
  Query query_;
  std::map<PeerId, std::vector<Multiaddr>> addresses_;
  Event changed_;
  std::size_t events_ = 0;
  TaskGroup requests_;
};

}  // namespace shoal::kad
