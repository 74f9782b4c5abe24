#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "protocol/kad/address_policy.h"
#include "protocol/kad/message.h"
#include "protocol/kad/round_trips.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::kad {

struct Answer {
  Message message;
  /// From the call to the answer, with the dial if there was one.
  Duration took;
  Contact contact;
};

/// Requests to other peers, as lookups need them.
class RpcClient {
 public:
  virtual ~RpcClient() = default;

  /// Sends `messages` (at least one) in order and reads the answer to the last; those before it
  /// are of kinds that have none. Connects if need be. Cancellable. Throws Error{timeout} after
  /// `deadline`, {unreachable}, {unsupported}, {closed}, and {malformed} for an answer to something
  /// else.
  virtual Task<Answer> ask(PeerId peer, std::vector<Message> messages, Duration deadline) = 0;

  virtual bool connected(const PeerId& peer) const = 0;
  /// Of a peer that has answered: where it is.
  virtual std::vector<Multiaddr> addresses(const PeerId& peer) const = 0;
  /// Where somebody says that a peer is: for the next ask(), if it is an address that we dial.
  virtual void learn(const PeerInfo& peer) = 0;
  /// Those of the addresses that we would dial.
  virtual std::vector<Multiaddr> usable(const std::vector<Multiaddr>& addresses) const = 0;
};

/// Over the streams of a swarm. An answered stream is kept for a while, so that the next request
/// to the peer needs no negotiation.
class SwarmRpc final : public RpcClient {
 public:
  static constexpr Duration kIdleLifetime = 10s;
  static constexpr std::size_t kMaxIdleStreams = 128;
  /// Of an address that a peer told us of another.
  static constexpr Duration kAddressLifetime = 15min;

  /// Borrows both for its life; stop() must have returned before it is destroyed, and before the
  /// swarm stops.
  SwarmRpc(System& system, net::Swarm& swarm, std::string protocol, AddressPolicy policy);

  Task<Answer> ask(PeerId peer, std::vector<Message> messages, Duration deadline) override;
  bool connected(const PeerId& peer) const override { return swarm_.best(peer) != nullptr; }
  std::vector<Multiaddr> addresses(const PeerId& peer) const override {
    return swarm_.peers().addresses(peer);
  }
  void learn(const PeerInfo& peer) override;
  std::vector<Multiaddr> usable(const std::vector<Multiaddr>& addresses) const override {
    return policy_.allowed(addresses);
  }

  /// Of the connections that requests were the reason for, only the last `most` are kept open when
  /// nothing else wants them; none: all.
  void keep_connections(std::optional<std::size_t> most) { most_kept_ = most; }

  std::size_t idle_count() const { return idle_.size(); }
  Task<void> stop();

 private:
  struct Idle {
    net::ProtocolStream stream;
    TimePoint since;
  };

  Task<Answer> attempt(PeerId peer, std::vector<Message> messages);
  /// None when the idle stream turns out to have ended.
  Task<std::optional<Message>> ask_on_idle(const PeerId& peer,
                                           const std::vector<Message>& messages);
  Task<Message> exchange(net::ProtocolStream& stream, const std::vector<Message>& messages);
  std::optional<net::ProtocolStream> take_idle(const PeerId& peer);
  void keep(net::ProtocolStream stream);
  void opened(const net::ProtocolStream& stream);
  void close_if_unused(net::ConnectionId id);
  Task<void> drop_idle();

  System& system_;
  net::Swarm& swarm_;
  const std::string protocol_;
  const AddressPolicy policy_;
  std::map<PeerId, Idle> idle_;
  std::optional<std::size_t> most_kept_;
  std::deque<net::ConnectionId> opened_;  // the oldest first; only where they are bounded
  bool dropping_idle_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::kad
