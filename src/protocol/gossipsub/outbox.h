#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/shared_bytes.h"

namespace shoal::gossipsub {

/// RPCs that wait for one peer's stream, by priority: control, messages, gossip (IHAVE and answers
/// to IWANT). A peer that reads too slowly loses gossip first, then messages, oldest first.
class Outbox {
 public:
  enum class Kind : std::uint8_t { control, message, gossip };

  /// Of messages and gossip together.
  static constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kMaxRpcs = 4096;
  /// Control is never dropped: a peer that leaves so much of it unread is given up.
  static constexpr std::size_t kMaxControlBytes = 1024 * 1024;

  struct Dropped {
    std::uint64_t messages = 0;
    std::uint64_t gossip = 0;
  };

  /// False when there is too much control.
  bool push(Kind kind, SharedBytes rpc);
  std::optional<SharedBytes> pop();
  bool empty() const { return control_.empty() && messages_.empty() && gossip_.empty(); }
  const Dropped& dropped() const { return dropped_; }

 private:
  using Queue = std::deque<SharedBytes>;
  bool is_over() const;
  void drop(Queue& queue, std::uint64_t& count);

  Queue control_;
  Queue messages_;
  Queue gossip_;
  std::size_t control_bytes_ = 0;
  std::size_t bytes_ = 0;
  Dropped dropped_;
};

}  // namespace shoal::gossipsub
