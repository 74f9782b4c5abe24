#pragma once

#include <memory>

#include "cli/output.h"
#include "cli/path_watch.h"
#include "node/node.h"
#include "service/share.h"
#include "system/rate_meter.h"

namespace shoal::cli {

/// Tells who connects, by which path, and who goes. A peer is told of once it has said what it is,
/// or 2 s later; when many come, most are only counted (PeerEventLimiter).
class PeerWatch final : public net::ConnectionObserver {
 public:
  /// Borrows both for its life.
  PeerWatch(node::Node& node, Output& output);
  ~PeerWatch() override;
  PeerWatch(const PeerWatch&) = delete;
  PeerWatch& operator=(const PeerWatch&) = delete;

  void connected(net::Connection& connection) override;
  void disconnected(net::Connection& connection) override;

  /// To be called now and then: tells of those who do not say what they are, and of how many came.
  void tick();
  /// Connected now.
  std::size_t peers() const;
  const PathWatch& paths() const { return paths_; }
  /// Connections that came so far.
  std::uint64_t arrivals() const;

 private:
  struct State;
  node::Node& node_;
  std::shared_ptr<State> state_;
  PathWatch paths_;
};

/// Tells that a peer finished downloading, or disconnected.
void tell_sent(Output& output, const service::SentToPeer& sent);

/// What is to be said at each tick while `name` is served.
void tell_sending(Output& output, PeerWatch& peers, const service::Share& share, RateMeter& rate,
                  const std::string& name, TimePoint now);

}  // namespace shoal::cli
