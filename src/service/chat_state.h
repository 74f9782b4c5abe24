#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/shared_bytes.h"
#include "format/peer_id.h"
#include "service/chat_message.h"
#include "system/time.h"

namespace shoal::service {

struct ChatEvent {
  enum class Kind : std::uint8_t { said, joined, left, renamed, missed };

  Kind kind;
  std::optional<PeerId> peer{};  // none for missed
  std::string name{};            // any bytes
  std::string text{};            // of said; any bytes
  std::string id{};              // of said: the message's
  std::uint64_t time_ms = 0;     // of said, by its author's clock
  bool old = false;              // said before this node came
  std::uint64_t count = 0;       // of missed: events that were dropped
};

struct ChatMember {
  PeerId peer;
  std::string name;
};

/// What one member of a chat knows: who is here, and what was said last. Sans-I/O.
///
/// A member is here while it says so, every period(); one that is silent for kPatience of its
/// periods has left, and one whose connection ended after kGrace.
class ChatState {
 public:
  static constexpr std::size_t kHistory = 50;
  /// Members that are told apart; further ones are heard, not listed.
  static constexpr std::size_t kMaxMembers = 1024;
  /// Messages whose ids are remembered.
  static constexpr std::size_t kMaxSeen = 1024;
  static constexpr std::size_t kMaxEvents = 1024;
  static constexpr std::size_t kMaxEventBytes = 4 * 1024 * 1024;
  static constexpr Duration kShortestPeriod = 4s;
  static constexpr Duration kLongestPeriod = 5min;
  /// With more members the period grows, so that all of them together say so at most this often.
  static constexpr std::size_t kHereAMinute = 600;
  static constexpr int kPatience = 3;
  static constexpr Duration kGrace = 6s;

  /// Something said, as it was published, so that others can verify it.
  struct Kept {
    std::string id;
    std::uint64_t order_ms;
    SharedBytes message;
  };

  /// `old`: from somebody's history. `wall_ms`: now, since 1970.
  void hear(const PeerId& author, const std::string& id, const ChatMessage& message,
            SharedBytes as_published, bool old, std::uint64_t wall_ms, TimePoint now);
  /// Own words.
  void said(const std::string& id, SharedBytes as_published, std::uint64_t wall_ms);
  /// The connection to a peer has ended, or the peer left the topic.
  void lost(const PeerId& peer, TimePoint now);
  void tick(TimePoint now);

  Duration period() const;
  std::vector<ChatMember> members() const;
  /// The oldest first.
  const std::deque<Kept>& history() const { return history_; }
  std::optional<ChatEvent> next_event();

 private:
  struct Member {
    std::string name;
    TimePoint until;
  };

  void see_member(const PeerId& peer, const ChatMessage& message, TimePoint now);
  void remove_member(std::map<PeerId, Member>::iterator member);
  bool note_seen(const std::string& id);
  /// False when it is older than all that are kept.
  bool keep(Kept said);
  void tell(ChatEvent event);

  std::map<PeerId, Member> members_;
  std::deque<Kept> history_;
  std::set<std::string> seen_;
  std::deque<std::string> seen_order_;
  std::deque<ChatEvent> events_;
  std::size_t event_bytes_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace shoal::service
