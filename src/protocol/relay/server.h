#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/token_bucket.h"
#include "crypto/keys.h"
#include "net/resources/fair_queue.h"
#include "net/swarm/swarm.h"
#include "protocol/relay/message.h"
#include "protocol/relay/reservations.h"
#include "system/system.h"

namespace shoal::relay {

/// Relays for others: libp2p specs, circuit-v2. Whoever is connected directly may reserve; circuits
/// go only to those who did, over the connection that they made, never over another relay.
class Server final : net::ConnectionObserver {
 public:
  /// Requests of one peer, at once and each second.
  static constexpr double kRequestBurst = 64;
  static constexpr double kRequestsPerSecond = 4;

  /// Serves from the construction on. Borrows all for its life; the swarm must have stopped before
  /// it is destroyed.
  Server(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
         ServerLimits limits);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const ServerLimits& limits() const { return table_.limits(); }
  std::size_t reservations() const { return table_.size(); }
  std::size_t circuits() const { return table_.circuits(); }
  /// That went through circuits, both ways together.
  std::uint64_t bytes_relayed() const { return bytes_relayed_; }

 private:
  void connected(net::Connection&) override {}
  void disconnected(net::Connection& connection) override;

  Task<void> serve(net::ProtocolStream stream);
  Task<void> answer(net::ProtocolStream& stream, Status status);
  Task<void> reserve(net::ProtocolStream& stream);
  Task<void> connect(net::ProtocolStream& stream, PeerId target);
  Task<net::ProtocolStream> call(PeerId source, PeerId target);
  Task<void> ask(Stream& stream, PeerId source);
  Task<void> run_circuit(net::ProtocolStream& source, net::ProtocolStream& target);

  bool is_direct(const net::ProtocolStream& stream) const;
  net::Connection* direct_connection(const PeerId& peer) const;
  bool admit(const PeerId& peer);
  std::optional<Limit> told_limit() const;
  Reservation describe(const PeerId& peer) const;

  System& system_;
  net::Swarm& swarm_;
  const crypto::PrivateKey& identity_;
  Reservations table_;
  std::unordered_map<PeerId, TokenBucket> requests_;
  net::FairQueue line_;
  std::uint64_t bytes_relayed_ = 0;
};

}  // namespace shoal::relay
