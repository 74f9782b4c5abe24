#pragma once

#include <memory>

#include "format/cid.h"
#include "format/peer_id.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::service {

/// Serves `/shoal/done/1.0.0` for all shares of a node: receivers say which root they have verified
/// all of. The protocol is served while there is an observer.
class DoneListener {
 public:
  class Observer {
   public:
    /// On the event loop; must not wait. Every observer is told of every root.
    virtual void done(const PeerId& peer, const Cid& root) = 0;

   protected:
    ~Observer() = default;
  };

  /// Borrows both for its life.
  DoneListener(System& system, net::Swarm& swarm);
  ~DoneListener();
  DoneListener(const DoneListener&) = delete;
  DoneListener& operator=(const DoneListener&) = delete;

  /// Borrowed until remove().
  void add(Observer& observer);
  void remove(Observer& observer);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace shoal::service
