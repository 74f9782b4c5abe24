#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "system/random.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Messages that peers advertised, were asked for, and have to deliver in time: gossipsub v1.1,
/// "Spam Protection Measures". Of each request one message at random is remembered.
class Promises {
 public:
  /// All together; further ones are not remembered.
  static constexpr std::size_t kMaxEntries = 32 * 1024;

  void add(const PeerId& peer, const std::vector<MessageId>& asked, TimePoint deadline,
           Random& random);
  /// The message came, from whomever.
  void fulfilled(const MessageId& id);
  void forget(const PeerId& peer);
  /// How many each peer has broken; those are forgotten.
  std::map<PeerId, unsigned> take_broken(TimePoint now);

  std::size_t size() const { return size_; }

 private:
  std::map<MessageId, std::map<PeerId, TimePoint>> by_id_;
  std::size_t size_ = 0;
};

}  // namespace shoal::gossipsub
