#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "crypto/keys.h"
#include "net/swarm/swarm.h"
#include "protocol/identify/message.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::identify {

inline constexpr const char* kProtocol = "/ipfs/id/1.0.0";
inline constexpr const char* kPushProtocol = "/ipfs/id/push/1.0.0";

/// Tells every peer who we are and asks who it is: libp2p specs, identify. What peers say goes into
/// the swarm's peer store, as theirs alone.
class Identify final : public net::ConnectionObserver {
 public:
  static constexpr double kPushBurst = 10;
  static constexpr Duration kPushInterval = 5s;
  static constexpr double kAnswerBurst = 10;
  static constexpr Duration kAnswerInterval = 1s;
  static constexpr Duration kDescribedFor = 1s;

  /// Borrows all for its life; stop() must have returned before it is destroyed.
  Identify(System& system, net::Swarm& swarm, const crypto::PrivateKey& identity,
           std::string agent);

  /// Called when a peer has answered on a new connection.
  void when_identified(std::function<void(const PeerId&)> callback);
  /// Called when a peer has told of a change later, such as of its protocols.
  void when_pushed(std::function<void(const PeerId&)> callback);

  /// Our addresses may have changed: tells every connected peer that speaks push and was told
  /// something else. Changes of our protocols are told without it: at once, further ones after the
  /// interval at which peers take pushes.
  void push();

  /// Our address as the peer of a connection sees it, from what peers told; may be empty.
  const std::unordered_map<PeerId, Multiaddr>& observed() const { return observed_; }

  Task<void> stop();

  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;

 private:
  Message describe(const net::Connection* connection);
  void refresh();
  Message describe_afresh();
  /// Signed again only when the addresses are others: peers that have seen it need not verify it
  /// again.
  const Bytes& sealed_record(std::vector<Multiaddr> addresses);
  Task<void> answer(net::ProtocolStream stream);
  Task<void> ask(net::ConnectionId connection);
  Task<void> receive_push(net::ProtocolStream stream);
  Task<void> push_to(net::ConnectionId connection);
  void protocols_changed();
  Task<void> tell_changes();
  void learn(const PeerId& peer, const Message& message);

  /// How often one peer may ask or push: a bucket.
  struct Budget {
    double left;
    TimePoint at;
  };
  using Budgets = std::unordered_map<PeerId, Budget>;
  bool allowed(Budgets& budgets, const PeerId& peer, double burst, Duration interval);

  System& system_;
  net::Swarm& swarm_;
  const crypto::PrivateKey& identity_;
  const std::string agent_;
  std::unordered_map<PeerId, Multiaddr> observed_;
  Budgets push_budgets_;
  Budgets answer_budgets_;
  /// What is the same for all who ask is kept for kDescribedFor.
  Message described_;
  Bytes record_;
  std::vector<Multiaddr> recorded_;  // the addresses in it
  std::optional<TimePoint> described_at_;
  std::vector<std::function<void(const PeerId&)>> when_identified_;
  std::vector<std::function<void(const PeerId&)>> when_pushed_;
  std::uint64_t revision_ = 0;                                 // of what we say of ourselves
  std::unordered_map<net::ConnectionId, std::uint64_t> told_;  // the revision that it was told last
  bool telling_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::identify
