#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "format/cid.h"
#include "net/swarm/swarm.h"
#include "protocol/pex/message.h"
#include "system/system.h"

namespace shoal::pex {

/// Serves kProtocol for all roots that this node gets or serves, and asks others about them. Asks
/// and answers are about the roots that were joined, and nothing else is told.
class Exchange {
 public:
  /// Askers of one root that hear of changes, and open streams of one peer; one more is told once
  /// what there is.
  static constexpr std::size_t kMaxListeners = 256;
  static constexpr std::size_t kMaxStreamsPerPeer = 16;
  /// Changes are told together, and no sooner after the last: twice as long each time, so that
  /// those who begin together soon know some of each other.
  static constexpr Duration kNewsPause = 50ms;
  static constexpr Duration kLongestNewsPause = 800ms;
  /// For the first message of an asker, and for each that goes out.
  static constexpr Duration kTimeout = 30s;
  /// How long the addresses of a record are kept.
  static constexpr Duration kAddressLifetime = 10min;
  /// Our own record is signed anew when it is older.
  static constexpr Duration kRecordLifetime = 10s;

  /// Told of the peers of a root. On the event loop; must not wait.
  class Member {
   public:
    /// A connected peer gets this root, too, and asks us.
    virtual void asked(const PeerId& peer) = 0;
    /// A connected peer that we asked is of this root; again when it has got the whole of it.
    virtual void answered(const PeerId& peer, bool whole) = 0;
    /// Another peer, which may be no peer at all: its record is not verified.
    virtual void named(const Named& peer) = 0;
    /// The end of meet(): whether it is connected now.
    virtual void met(const PeerId& peer, bool connected) = 0;

   protected:
    ~Member() = default;
  };

  /// This node's part in one root, until it is destroyed, which must be before the Exchange is.
  class Scope {
   public:
    virtual ~Scope() = default;
    /// Asks a connected peer, for as long as it is connected; quietly does nothing when it is
    /// asked already or does not speak the protocol.
    virtual void ask(const PeerId& peer) = 0;
    /// Connects to a peer that was named, where its record says that it is, unless it is connected
    /// by then, and asks it. Begins after `pause`.
    virtual void meet(Named peer, Duration pause) = 0;
    /// From now on this node has every block.
    virtual void set_whole() = 0;
  };

  /// `own_record` seals this node's peer record. Borrows both others for its life; stop() must
  /// have returned before it is destroyed.
  Exchange(System& system, net::Swarm& swarm, std::function<Bytes()> own_record);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// `member` may be null, and is borrowed for the life of the scope.
  std::unique_ptr<Scope> join(Cid root, bool whole, Member* member);
  Task<void> stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace shoal::pex
