#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "content/bitswap/message.h"
#include "net/swarm/protocol_table.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

/// A block as it came: its hash is what its bytes say, whatever the sender meant. None when that
/// cannot be computed.
struct ReceivedBlock {
  std::optional<Multihash> hash;
  SharedBytes bytes;
};

/// Reads the streams that peers open, and hashes what comes over them, each block once and off the
/// event loop when it is worth it. The next message is read while the one before is hashed.
class Inbound {
 public:
  static constexpr std::size_t kMaxStreamsPerPeer = 256;
  /// Messages of one peer that are being read or hashed.
  static constexpr std::size_t kMaxUnverifiedBytes = 8 * 1024 * 1024;
  /// A message with more block bytes than this is hashed off the loop.
  static constexpr std::size_t kHashHereBytes = 64 * 1024;
  /// Within a message, a sender that pauses for so long has died.
  static constexpr Duration kMessageTimeout = 2min;

  struct Handlers {
    /// Wants and presences, with the blocks taken out.
    std::function<void(const PeerId&, const Message&)> message;
    std::function<void(const PeerId&, std::vector<ReceivedBlock>)> blocks;
  };

  Inbound(System& system, Handlers handlers);

  /// A stream's life. Throws Error{limit} for one stream too many, and whatever is wrong with a
  /// message.
  Task<void> serve(net::ProtocolStream stream);
  /// Ends all streams.
  Task<void> stop();

 private:
  /// What one peer has under way.
  struct Inbox {
    explicit Inbox(Waits& waits) : freed(waits) {}
    std::size_t streams = 0;
    std::size_t bytes = 0;
    Event freed;
  };
  class Share;

  Task<void> read_messages(net::ProtocolStream& stream, std::shared_ptr<Inbox> inbox);
  Task<void> handle(PeerId peer, SharedBytes bytes, std::shared_ptr<Share> share);
  Task<void> verify(PeerId peer, std::vector<MessageBlock> blocks, std::shared_ptr<Share> share);

  System& system_;
  const Handlers handlers_;
  std::map<PeerId, std::shared_ptr<Inbox>> inboxes_;
  std::list<Stream*> streams_;
  bool stopping_ = false;
  Event stream_ended_;
  TaskGroup hashing_;
};

}  // namespace shoal::content::bitswap
