#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "content/bitswap/chunk_sizer.h"
#include "content/bitswap/message.h"
#include "net/resources/memory_budget.h"
#include "net/swarm/swarm.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

/// A block as it came: its hash is what its bytes say, whatever the sender meant. None when that
/// cannot be computed.
struct ReceivedBlock {
  CidPrefix prefix;
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
  /// The same of all peers together.
  static constexpr std::size_t kBudgetBytes = 24 * 1024 * 1024;
  /// While others wait for it: slower senders are disconnected.
  static constexpr net::MemoryBudget::MinimumRate kMinimumRate{.grace = 500ms,
                                                               .bytes_per_second = 512 * 1024};
  /// The same for those that send what we asked for, perhaps over a slow line that many share.
  static constexpr net::MemoryBudget::MinimumRate kMinimumSourceRate{.grace = 10s,
                                                                     .bytes_per_second = 16 * 1024};
  /// A message up to this size does not count: wants must not wait behind those who send blocks.
  /// The number of streams bounds them.
  static constexpr std::size_t kSmallBytes = 4 * 1024;
  /// Within a message, a sender that does not send the next part for so long has died.
  static constexpr Duration kStallTimeout = 30s;
  /// Wants and presences of one peer, at once and each second; beyond it we read more slowly.
  static constexpr double kBurstEntries = 64 * 1024;
  static constexpr double kEntriesPerSecond = 32 * 1024;
  /// The same of one that has taken no block of ours yet: each may cost a look into the index.
  static constexpr double kBurstFirstEntries = 2 * 1024;
  static constexpr double kFirstEntriesPerSecond = 512;
  /// Of one message, before others have their turn.
  static constexpr std::size_t kEntriesAtOnce = 128;

  struct Handlers {
    /// Wants and presences, with the blocks taken out.
    std::function<void(const PeerId&, const Message&)> message;
    std::function<void(const PeerId&, std::vector<ReceivedBlock>)> blocks;
    /// Whether there is memory for more blocks of ours; `room` tells when there may be again.
    std::function<bool()> has_room;
    /// Whether it has taken blocks of ours, or we asked it for some.
    std::function<bool(const PeerId&)> established;
  };

  /// Borrows the first three for its life.
  Inbound(System& system, net::Swarm& swarm, Event& room, Handlers handlers);

  /// A stream's life. Throws Error{limit} for one stream too many, and whatever is wrong with a
  /// message.
  Task<void> serve(net::ProtocolStream stream);
  /// Ends all streams.
  Task<void> stop();
  /// Its last connection ended.
  void forget(const PeerId& peer);
  /// Bytes of those of its messages that have come in part.
  std::size_t arriving(const PeerId& peer) const;

 private:
  /// What one peer has under way. Kept as long as it is connected: a new stream changes nothing.
  struct Inbox {
    std::size_t streams = 0;
    std::size_t arriving = 0;
    double entries_left = kBurstFirstEntries;
    TimePoint refilled{};
  };
  class Incoming;

  Task<void> read_messages(net::ProtocolStream& stream, std::shared_ptr<Inbox> inbox);
  Task<std::unique_ptr<net::MemoryBudget::Reservation>> reserve(PeerId peer, std::size_t bytes);
  Task<SharedBytes> read_body(net::ProtocolStream& stream, std::size_t length, Incoming& incoming,
                              ChunkSizer& sizer);
  Task<void> read_parts(net::ProtocolStream& stream, MutableBytes into, Incoming& incoming,
                        ChunkSizer& sizer);
  Task<void> handle(PeerId peer, SharedBytes bytes, Inbox& inbox,
                    std::shared_ptr<Incoming> incoming);
  Task<void> tell(const PeerId& peer, Message& message, Inbox& inbox);
  Task<void> work_off_entries(PeerId peer, Inbox& inbox);
  Task<void> verify(PeerId peer, std::vector<MessageBlock> blocks,
                    std::shared_ptr<Incoming> incoming);

  System& system_;
  net::Swarm& swarm_;
  Event& room_;
  const Handlers handlers_;
  net::MemoryBudget budget_;
  std::map<PeerId, std::shared_ptr<Inbox>> inboxes_;
  std::list<Stream*> streams_;
  bool stopping_ = false;
  Event stream_ended_;
  TaskGroup hashing_;
};

}  // namespace shoal::content::bitswap
