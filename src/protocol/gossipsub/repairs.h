#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "protocol/gossipsub/delay_estimate.h"
#include "protocol/gossipsub/message.h"
#include "system/time.h"

namespace shoal::gossipsub {

/// Messages that peers announced and that have not come by themselves. Each is asked for when its
/// time has come: of one peer after the other, those first who are trusted most.
class Repairs {
 public:
  /// All together; further ones are left to the gossip of the next heartbeats.
  static constexpr std::size_t kMaxMessages = 4096;
  static constexpr std::size_t kMaxAnnouncers = 16;
  /// Until the next peers are asked, by how long answers took so far: between the two.
  static constexpr Duration kLeastRetryDelay = 100ms;
  static constexpr Duration kMostRetryDelay = 400ms;

  /// How far an announcer is trusted.
  struct Trust {
    bool reliable = true;   // has not failed lately
    bool outbound = false;  // we dialled it, so it did not choose us
    double score = 0;
    auto operator<=>(const Trust&) const = default;
  };
  using Trusts = std::function<Trust(const PeerId&)>;

  struct Announced {
    struct Announcer {
      PeerId peer;
      TimePoint at;
      Trust trust{};  // when it announced
      std::optional<TimePoint> asked{};
    };
    std::vector<Announcer> by{};
    TimePoint due{};
  };

  explicit Repairs(Trusts trusts) : trusts_(std::move(trusts)) {}

  /// `due`: when it is asked for at the latest, if it does not come before.
  void announced(const MessageId& id, const PeerId& by, TimePoint now, TimePoint due);
  /// It came, or is on its way in pieces. What is known of it, which is forgotten.
  std::optional<Announced> arrived(const MessageId& id);
  /// Whom to ask for what now, by trust and then in the order in which they announced it. Messages
  /// that all announcers were asked for are forgotten.
  std::vector<std::pair<PeerId, MessageId>> take_due(TimePoint now);
  /// An answer came so long after the question.
  void answered(Duration took) { answers_.add(took); }
  void forget(const PeerId& peer);

  std::optional<TimePoint> next_due() const;
  std::size_t size() const { return messages_.size(); }

 private:
  using Messages = std::map<MessageId, Announced>;
  static bool make_room(Announced& message, const Trust& newcomer);
  void schedule(Messages::iterator message, TimePoint due);
  void erase(Messages::iterator message);

  const Trusts trusts_;
  DelayEstimate answers_{kLeastRetryDelay, kMostRetryDelay};
  Messages messages_;
  std::set<std::pair<TimePoint, MessageId>> by_due_;
};

}  // namespace shoal::gossipsub
