#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "protocol/gossipsub/message.h"
#include "protocol/gossipsub/tree_rpc.h"

namespace shoal::gossipsub {

/// An RPC with its length prefix removed, by default, in both directions: a message of 1 MiB with
/// its envelope. go-libp2p-pubsub takes 1 MiB in all unless told otherwise.
inline constexpr std::size_t kMaxRpcBytes = 1024 * 1024 + 64 * 1024;
/// What is sent of control in one RPC, as rust-libp2p takes no more.
inline constexpr std::size_t kMaxControlRpcBytes = 16 * 1024;
/// Entries of one RPC. Those beyond are not stored; the rest of the RPC counts.
inline constexpr std::size_t kMaxSubscriptionsPerRpc = 512;
inline constexpr std::size_t kMaxMessagesPerRpc = 5000;
inline constexpr std::size_t kMaxIdsPerRpc = 5000;     // of IHAVE, IWANT and IDONTWANT each
inline constexpr std::size_t kMaxEntriesPerRpc = 512;  // of IHAVE, GRAFT and PRUNE each
inline constexpr std::size_t kMaxPeersPerPrune = 16;
inline constexpr std::size_t kMaxPeerIdBytes = 64;
inline constexpr std::size_t kMaxPeerRecordBytes = 8 * 1024;

struct SubscriptionChange {
  bool subscribe = false;
  std::string topic;
  bool operator==(const SubscriptionChange&) const = default;
};

struct IHave {
  std::string topic;
  std::vector<MessageId> ids;
  bool operator==(const IHave&) const = default;
};

/// Peer exchange: another peer of the topic.
struct ExchangedPeer {
  Bytes id;
  Bytes signed_record;  // an envelope; may be empty
  bool operator==(const ExchangedPeer&) const = default;
};

struct Prune {
  std::string topic;
  std::vector<ExchangedPeer> peers;
  std::optional<std::uint64_t> backoff_seconds;
  bool operator==(const Prune&) const = default;
};

struct Extensions {
  bool trees = false;
  bool operator==(const Extensions&) const = default;
};

/// All that peers say to each other beside the messages: libp2p specs, gossipsub v1.0 to v1.3.
struct Control {
  std::vector<IHave> ihave;
  std::vector<MessageId> iwant;
  std::vector<std::string> graft;
  std::vector<Prune> prune;
  std::vector<MessageId> idontwant;
  /// What the peer lists of its extensions; we know one.
  std::optional<Extensions> extensions;

  bool operator==(const Control&) const = default;
  bool empty() const { return *this == Control{}; }
};

struct Rpc {
  std::vector<SubscriptionChange> subscriptions;
  std::vector<Message> publish;
  Control control;
  TreeMessages trees;

  bool operator==(const Rpc&) const = default;
};

/// Throws Error{malformed}. Entries beyond the limits above, and those whose topic, id or record is
/// too long, are left out. A message with too long a topic is left out as well.
Rpc decode_rpc(ByteView bytes);

/// The RPC in pieces of at most `max_bytes` (1 KiB or more), each an RPC of its own, extensions in
/// the first. Entries that fit in none are left out.
std::vector<Bytes> encode_rpc(const Rpc& rpc, std::size_t max_bytes = kMaxRpcBytes);

}  // namespace shoal::gossipsub
