#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/swarm/swarm.h"
#include "service/chat_room.h"
#include "service/chat_state.h"
#include "service/topics.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::service {

/// One member of a chat. What it says goes to everybody in the room over its topic; who comes late
/// asks members for what was said last, over a protocol of the room's own, and verifies that its
/// authors signed it.
class Chat {
 public:
  /// Members that are asked for what was said before.
  static constexpr std::size_t kMaxAsked = 3;
  static constexpr Duration kAskTime = 5s;
  /// A signed message of the history, as it was published.
  static constexpr std::size_t kMaxKeptBytes = ChatMessage::kMaxBytes + ChatRoom::kSealBytes + 4096;
  /// Until a newcomer is told our name, at most.
  static constexpr Duration kGreetWithin = 500ms;
  static constexpr Duration kTick = 250ms;
  static constexpr Duration kByeTime = 300ms;

  struct Options {
    ChatRoom room;
    std::string name;  // at most ChatMessage::kMaxNameBytes
  };

  /// Borrows the first three for its life; stop() must have returned before it is destroyed.
  Chat(System& system, net::Swarm& swarm, Topics& topics, Options options);
  ~Chat();

  void start();
  /// Says goodbye.
  Task<void> stop();

  /// Throws Error{limit} for more than ChatMessage::kMaxTextBytes. Whoever comes later hears it,
  /// too.
  Task<void> say(std::string text);
  /// Throws Error{limit} for more than ChatMessage::kMaxNameBytes.
  Task<void> rename(std::string name);

  const ChatRoom& room() const { return options_.room; }
  const std::string& name() const { return options_.name; }
  /// Without this one.
  std::vector<ChatMember> members() const { return state_.members(); }
  /// What happened since, in order; a reader that is too slow is told how much it missed.
  std::optional<ChatEvent> next_event() { return state_.next_event(); }
  /// Returns when there may be an event.
  Task<void> wait() { return changed_.wait(); }

 private:
  std::optional<ChatMessage> read(const PeerId& author, ByteView data) const;
  gossipsub::Verdict judge(const gossipsub::Received& received) const;
  void hear(const gossipsub::Received& received);
  void peer_changed(const PeerId& peer, bool joined);
  Task<void> listen();
  Task<void> keep_ticking();
  Task<void> keep_saying_here();
  Task<void> publish(ChatMessage message);
  Task<void> answer(net::ProtocolStream stream);
  Task<void> keep_asking();
  Task<void> ask(PeerId peer);
  Task<void> take_history(Stream& stream);
  Task<void> take_kept(Bytes encoded);
  std::uint64_t wall_ms() const;

  System& system_;
  net::Swarm& swarm_;
  Topics& topics_;
  Options options_;
  const PeerId self_;
  const std::string history_protocol_;
  ChatState state_;
  std::unique_ptr<Topic> topic_;
  Subscription watching_;
  std::set<PeerId> asked_;
  std::optional<TimePoint> here_at_;  // the next time that we say so
  Event changed_;
  Event hurry_;
  Event met_;
  TaskGroup tasks_;
};

}  // namespace shoal::service
