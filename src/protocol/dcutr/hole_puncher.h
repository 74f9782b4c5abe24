#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/dcutr/dcutr_message.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::dcutr {

inline constexpr const char* kProtocol = "/libp2p/dcutr";

/// Makes relayed connections direct: libp2p specs, relay/DCUtR. Whoever was dialled through a relay
/// begins. It first dials the other's public addresses, if it has any; then both tell where they
/// are seen, and dial each other at the same moment from the ports that they listen on:
///
///   dialled                        dialler
///      -------- CONNECT, addresses ->
///      <- CONNECT, addresses --------    the time between is the round trip
///      -------- SYNC --------------->
///      half a round trip later:          at once:
///      dials, and answers handshakes     dials, and begins them
class HolePuncher final : net::ConnectionObserver {
 public:
  static constexpr int kMaxRounds = 3;
  static constexpr Duration kRoundTime = 5s;
  /// Peers with whom it is tried at a time, begun by either side.
  static constexpr std::size_t kMaxAtOnce = 32;

  /// Where this node may be reached, the most likely first; asked when a round begins.
  using OwnAddresses = std::function<std::vector<Multiaddr>()>;

  /// Serves from the construction on. Borrows both for its life; stop() must have returned, and the
  /// swarm have stopped, before it is destroyed.
  HolePuncher(System& system, net::Swarm& swarm, OwnAddresses own_addresses);
  ~HolePuncher() override;
  HolePuncher(const HolePuncher&) = delete;
  HolePuncher& operator=(const HolePuncher&) = delete;

  /// Identify has told what `peer` speaks and where it is: now is the time to begin.
  void identified(const PeerId& peer);
  /// It is being tried.
  bool is_trying(const PeerId& peer) const { return trying_.contains(peer); }

  Task<void> stop() { return tasks_.stop(); }

 private:
  /// Lists a peer while it is tried.
  class Try;
  struct State {
    explicit State(Waits& waits) : connected(waits) {}
    bool punching = false;  // what comes now is punched
    Event connected;        // directly
  };

  void connected(net::Connection& connection) override;
  void disconnected(net::Connection&) override {}

  Task<void> make_direct(PeerId peer, Duration pause);
  Task<void> try_rounds(PeerId peer);
  Task<void> dial_public(PeerId peer);
  Task<void> begin_round(PeerId peer);
  Task<void> answer(net::ProtocolStream stream);
  Task<void> answer_dial(std::unique_ptr<Try> trying, PeerId peer,
                         std::vector<Multiaddr> addresses);
  Task<Message> exchange(Stream& stream, Message message);
  Task<void> dial_together(PeerId peer, std::vector<Multiaddr> addresses, net::Direction role);
  Task<void> dial_until_connected(PeerId peer, std::vector<Multiaddr> addresses, net::DialAs as);
  Task<void> wait_until_direct(PeerId peer, State& state);
  net::Connection* relayed_connection(const PeerId& peer, net::Direction direction) const;
  bool is_direct(const PeerId& peer) const;
  Message own_message() const;

  System& system_;
  net::Swarm& swarm_;
  const OwnAddresses own_addresses_;
  std::map<PeerId, State*> trying_;
  TaskGroup tasks_;
};

}  // namespace shoal::dcutr
