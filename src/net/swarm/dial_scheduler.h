#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "net/swarm/dialer.h"
#include "net/swarm/protocol_table.h"
#include "system/task_group.h"

namespace shoal::net {

struct DialOptions {
  /// Uses no relay, and dials although a relayed connection is open.
  bool force_direct = false;
  /// Where not empty: at these addresses, without /p2p, and at no others. Such a dial is not shared
  /// with others who want the same peer.
  std::vector<Multiaddr> addresses{};
  DialAs as{};
};

/// Dials peers at the addresses that the peer store knows, or hears of meanwhile: those who ask for
/// the same peer at once share one dial, which goes on when one of them is cancelled. Attempts of
/// all dials together are bounded by a DialLimiter.
class DialScheduler {
 public:
  /// Makes a connection of what a dial has brought. Throws Error when there is no place for it.
  using Adopt = std::function<ConnectionId(Link)>;

  /// Borrows the first three for its life.
  DialScheduler(System& system, PeerStore& peers,
                const std::vector<std::unique_ptr<Transport>>& transports,
                std::size_t attempts_at_once, Adopt adopt);
  ~DialScheduler();
  DialScheduler(const DialScheduler&) = delete;
  DialScheduler& operator=(const DialScheduler&) = delete;

  /// Throws what Dialer::dial() throws, what `adopt` throws, and Error{closed} once it stops.
  /// The peer may not have answered yet where it was met before: see DialAs::early.
  Task<ConnectionId> dial(PeerId peer, DialOptions options);
  void note_connected(const PeerId& peer) { dialer_.note_connected(peer); }
  const DialLimiter& gate() const { return dialer_.gate(); }
  Task<void> stop() { return tasks_.stop(); }

 private:
  struct Dial;
  using Key = std::pair<PeerId, bool>;

  Task<ConnectionId> dial_alone(PeerId peer, DialOptions options);
  Task<void> run(Key key, std::shared_ptr<Dial> dial);
  void take_in_addresses(const PeerId& peer);
  std::vector<KnownAddress> targets(const PeerId& peer, bool direct_only) const;

  System& system_;
  PeerStore& peers_;
  const Adopt adopt_;
  Dialer dialer_;
  std::map<Key, std::shared_ptr<Dial>> dials_;
  TaskGroup tasks_;
};

}  // namespace shoal::net
