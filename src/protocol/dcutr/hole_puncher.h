#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/dcutr/dcutr_message.h"
#include "protocol/dcutr/spray.h"
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
///
/// Where that fails and the NAT of one side takes another port for each destination, the next round
/// is a Spray, if both know how: SYNC tells the other side its part in it.
class HolePuncher final : net::ConnectionObserver {
 public:
  static constexpr int kMaxRounds = 3;
  static constexpr Duration kRoundTime = 5s;
  /// Peers with whom it is tried at a time, begun by either side.
  static constexpr std::size_t kMaxAtOnce = 32;
  /// Between tries with one peer, whatever happens.
  static constexpr Duration kLeastPause = 10s;

  /// Where this node may be reached, the most likely first; asked when a round begins.
  using OwnAddresses = std::function<std::vector<Multiaddr>()>;
  using OwnMapping = std::function<Message::Mapping()>;

  /// Serves from the construction on. Borrows both for its life; stop() must have returned, and the
  /// swarm have stopped, before it is destroyed.
  HolePuncher(System& system, net::Swarm& swarm, OwnAddresses own_addresses);
  ~HolePuncher() override;
  HolePuncher(const HolePuncher&) = delete;
  HolePuncher& operator=(const HolePuncher&) = delete;

  /// From now on also guesses ports. Borrows `spray` until stop() has returned.
  void guess_with(Spray& spray, OwnMapping own_mapping);

  /// Identify has told what `peer` speaks and where it is: now is the time to begin.
  void identified(const PeerId& peer);
  /// Where this node may be reached has changed: peers who are relayed still are tried anew, those
  /// that were tried within kLeastPause after it.
  void addresses_changed() { changed_.notify_all(); }
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
  Task<void> pause(Duration most);
  Task<void> try_rounds(PeerId peer);
  Task<void> dial_public(PeerId peer);
  Task<void> begin_round(PeerId peer, int round);
  Task<void> answer(net::ProtocolStream stream);
  Task<void> answer_dial(std::unique_ptr<Try> trying, PeerId peer, std::vector<Multiaddr> addresses,
                         std::optional<Message::Part> part);
  Task<Message> exchange(Stream& stream, Message message);
  Task<void> dial_together(PeerId peer, std::vector<Multiaddr> addresses, net::Direction role);
  std::optional<Message::Part> part_for(const Message& reply, int round) const;
  Task<void> guess(PeerId peer, std::vector<Multiaddr> addresses, Message::Part part,
                   net::Direction role);
  Task<void> dial_until_connected(PeerId peer, std::vector<Multiaddr> addresses, net::DialAs as);
  Task<void> wait_until_direct(PeerId peer, State& state);
  net::Connection* relayed_connection(const PeerId& peer, net::Direction direction) const;
  bool is_direct(const PeerId& peer) const;
  Message own_message() const;

  System& system_;
  net::Swarm& swarm_;
  const OwnAddresses own_addresses_;
  OwnMapping own_mapping_;
  Spray* spray_ = nullptr;  // null: ports are not guessed
  std::map<PeerId, State*> trying_;
  Event changed_;  // our addresses
  TaskGroup tasks_;
};

}  // namespace shoal::dcutr
