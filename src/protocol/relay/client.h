#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/relay/message.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::relay {

/// A way to or from a peer through a relay; nobody has proved anything on it yet.
struct Circuit {
  std::unique_ptr<Stream> stream;
  PeerId peer;       // at the other end, by the relay's word
  Multiaddr local;   // of the connection to the relay
  Multiaddr remote;  // …/p2p/RELAY/p2p-circuit
  bool limited = false;
};

/// Uses relays: reserves places at some, so that others can reach this node through them, takes the
/// circuits that come from there, and asks for circuits to others. libp2p specs, circuit-v2.
class Client final : net::ConnectionObserver {
 public:
  /// Relays that a node reserves at.
  static constexpr std::size_t kMaxRelays = 8;
  /// Circuits that came in and wait to be accepted.
  static constexpr std::size_t kMaxWaiting = 64;
  /// Of one relay, in links and identify.
  static constexpr std::size_t kMaxAddresses = 3;

  /// Borrows both for its life; stop() must have returned, and the swarm have stopped, before it is
  /// destroyed.
  Client(System& system, net::Swarm& swarm);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  enum class Choice : std::uint8_t {
    given,   // by the user: tried again until it works
    chosen,  // by this node: let go of when it fails
  };
  /// Stays connected to `relay`, whose addresses the peer store knows, and keeps a reservation
  /// there: renewed before it ends, made again when the connection was lost. Throws Error{limit}
  /// beyond kMaxRelays.
  void keep(PeerId relay, Choice choice = Choice::given);
  /// Relays that it uses or tries to use.
  std::size_t relays() const { return relays_.size(); }
  bool keeps(const PeerId& relay) const { return relays_.contains(relay); }
  /// Called when a chosen relay was let go of.
  void when_dropped(std::function<void(const PeerId&)> callback) { dropped_ = std::move(callback); }
  /// Called when the addresses that this node has through relays have changed; the swarm announces
  /// them.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }
  /// Called with the reason when a relay gives no reservation, once until it has given one.
  void when_refused(std::function<void(const PeerId&, const std::string&)> callback) {
    refused_ = std::move(callback);
  }
  bool is_reserved_at(const PeerId& relay) const;

  /// A circuit to `target`. Connects to the relay first, directly, if need be. Throws
  /// Error{unreachable} with the relay's reason.
  Task<Circuit> connect(PeerId relay, PeerId target);
  /// The next that comes in. Cancellable. One caller at a time.
  Task<Circuit> accept();

  Task<void> stop();

 private:
  struct Relay {
    Relay(Waits& waits, Choice how) : choice(how), lost(waits) {}
    const Choice choice;
    std::vector<Multiaddr> addresses{};  // …/p2p-circuit; none: no reservation
    Event lost;                          // the connection to it
    bool told_refusal = false;
  };

  void connected(net::Connection&) override {}
  void disconnected(net::Connection& connection) override;

  Task<void> keep_reserved(PeerId id);
  Task<void> reach(PeerId id);
  Task<Duration> reserve(PeerId id);
  Task<HopMessage> request(Stream& stream, HopMessage message);
  void set_addresses(const PeerId& id, std::vector<Multiaddr> addresses);
  void drop(const PeerId& id);
  bool is_given(const PeerId& relay) const;
  void note_refusal(const PeerId& id, const std::string& reason);
  std::vector<Multiaddr> circuit_addresses(const net::Connection& connection,
                                           const Reservation& reservation) const;
  Duration renewal_in(const Reservation& reservation) const;

  Task<void> take_circuit(net::ProtocolStream stream);
  Task<StopMessage> read_call(Stream& stream);
  Task<void> answer_call(Stream& stream, Status status);

  System& system_;
  net::Swarm& swarm_;
  std::map<PeerId, std::unique_ptr<Relay>> relays_;
  std::deque<Circuit> waiting_;
  Event arrived_;
  std::function<void()> changed_;
  std::function<void(const PeerId&)> dropped_;
  std::function<void(const PeerId&, const std::string&)> refused_;
  TaskGroup tasks_;
};

}  // namespace shoal::relay
