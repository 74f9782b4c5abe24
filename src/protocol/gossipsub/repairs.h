#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/message.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Messages that peers announced and that have not come by themselves. Each is asked for when its
/// time has come: of one peer after the other, the most useful first.
class Repairs {
 public:
  /// All together; further ones are left to the gossip of the next heartbeats.
  static constexpr std::size_t kMaxMessages = 4096;
  static constexpr std::size_t kMaxAnnouncers = 8;
  /// Longer than most round trips: until the next peer is asked.
  static constexpr Duration kRetryDelay = 400ms;

  struct Announced {
    struct Announcer {
      PeerId peer;
      TimePoint at;
      bool asked = false;
    };
    std::vector<Announcer> by{};
    TimePoint due{};
  };

  /// `due`: when it is asked for at the latest, if it does not come before.
  void announced(const MessageId& id, const PeerId& by, TimePoint now, TimePoint due);
  /// Whether `peer` announced it.
  bool is_announced_by(const MessageId& id, const PeerId& peer) const;
  /// It came, or is on its way in pieces. What is known of it, which is forgotten.
  std::optional<Announced> arrived(const MessageId& id);
  /// Whom to ask for what now, by `rank` and then in the order in which they announced it. Messages
  /// that all announcers were asked for are forgotten.
  using Rank = std::function<double(const PeerId&)>;
  std::vector<std::pair<PeerId, MessageId>> take_due(TimePoint now, const Rank& rank);
  void forget(const PeerId& peer);

  std::optional<TimePoint> next_due() const;
  std::size_t size() const { return messages_.size(); }

 private:
  using Messages = std::map<MessageId, Announced>;
  void schedule(Messages::iterator message, TimePoint due);
  void erase(Messages::iterator message);

  Messages messages_;
  std::set<std::pair<TimePoint, MessageId>> by_due_;
};

}  // namespace shoal::gossipsub
