#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/protocol.h"
#include "protocol/gossipsub/rpc.h"
#include "protocol/gossipsub/tree_keys.h"
#include "system/random.h"

namespace shoal::gossipsub {

/// What is known of one connected peer.
struct Peer {
  static constexpr std::size_t kMaxTopics = 128;
  /// Messages that it does not want, at once.
  static constexpr std::size_t kMaxUnwanted = 4096;

  Version version = Version::v1_1;
  bool outbound = false;  // we dialled it
  bool was_heard = false;
  std::set<std::string> topics{};

  bool trees = false;    // it speaks the extension
  TreeKeys chokes_us{};  // of which it wants ids only
  TreeKeys choked{};     // of which it shall send ids only

  // Since the last heartbeat.
  unsigned ihave_messages = 0;
  std::size_t asked_ids = 0;
  unsigned idontwant_messages = 0;
  std::size_t announced_ids = 0;

  std::map<MessageId, unsigned> unwanted{};  // heartbeats left
};

/// In order of their ids, so that runs repeat.
using Peers = std::map<PeerId, Peer>;

/// Collects what control each peer is told within one step of the router.
class ControlBatch {
 public:
  Rpc& to(const PeerId& peer) { return rpcs_[peer]; }
  void drop(const PeerId& peer) { rpcs_.erase(peer); }
  std::map<PeerId, Rpc> take() { return std::exchange(rpcs_, {}); }

 private:
  std::map<PeerId, Rpc> rpcs_;
};

/// Fisher and Yates.
template <class T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t left = values.size(); left > 1; --left) {
    std::swap(values[left - 1], values[random.below(left)]);
  }
}

}  // namespace shoal::gossipsub
