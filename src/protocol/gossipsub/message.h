#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "crypto/keys.h"
#include "format/peer_id.h"

namespace shoal::gossipsub {

/// Binary. At most kMaxMessageIdBytes where a peer says it.
using MessageId = std::string;

inline constexpr std::size_t kMaxTopicBytes = 256;
inline constexpr std::size_t kMaxMessageIdBytes = 256;
inline constexpr std::size_t kSequenceBytes = 8;

/// A published message: libp2p specs, pubsub. Absent and empty fields differ, as a signature covers
/// which of them were sent.
struct Message {
  std::optional<Bytes> from;  // the author's peer id
  std::optional<Bytes> data;
  std::optional<Bytes> seqno;  // 64 bits, big endian
  std::string topic;
  std::optional<Bytes> signature;
  std::optional<Bytes> key;  // of an author whose id is a hash
  Bytes unknown;             // fields that we do not know, as they came; the signature covers them

  bool operator==(const Message&) const = default;

  Bytes encode() const;
  /// Throws Error{malformed}, also without a topic, and {limit} for one over kMaxTopicBytes.
  static Message decode(ByteView bytes);
};

/// Whether messages name and prove their author. All peers of a topic must agree.
enum class SignaturePolicy : std::uint8_t { strict_sign, strict_no_sign };

/// A message by `key`, signed, with the sequence number given.
Message sign_message(const crypto::PrivateKey& key, std::uint64_t seqno, std::string topic,
                     Bytes data);
/// One without author.
Message anonymous_message(std::string topic, Bytes data);

/// Whether the fields are there that the policy demands, and no others. Cheap.
bool follows_policy(const Message& message, SignaturePolicy policy);
/// Whether the author's key signed it. The key must be the one that the author's id was made of.
/// Hashes the whole message. Never throws.
bool has_valid_signature(const Message& message);

/// Author and sequence number where the message has them, else the SHA-256 of its data.
MessageId default_message_id(const Message& message);
using MessageIdFunction = std::function<MessageId(const Message&)>;

struct Manifest;

/// A message with what is computed of it once. Immutable and shared by caches and queues, of one
/// thread.
struct StoredMessage {
  Message message;
  MessageId id;
  /// Of a large message that peers with the extension get in pieces; else null.
  std::shared_ptr<const Manifest> manifest{};
  /// Of rpc().
  std::size_t rpc_bytes = 0;

  std::size_t bytes() const { return rpc_bytes; }
  /// An RPC that carries this message alone, as it goes to every peer. Made when it is first asked
  /// for: many messages are passed on to nobody.
  const SharedBytes& rpc() const;
  /// The message in the RPC.
  SharedBytes encoded() const;

  mutable SharedBytes made_rpc{};
};
using MessagePtr = std::shared_ptr<const StoredMessage>;

MessagePtr store_message(Message message, MessageId id,
                         std::shared_ptr<const Manifest> manifest = {});

}  // namespace shoal::gossipsub
