#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "format/peer_id.h"
#include "system/random.h"

namespace shoal::service {

/// Where a chat takes place: a name that anybody may know or, with a key, a room that only those
/// who have its link can find, read or write in.
///
///     shoal://chat/NAME        percent-encoded
///     shoal://chat/NAME#KEY    32 bytes in base64url
///
/// What is sealed is bound to its author: nonce (24 bytes), then ChaCha20-Poly1305 under a key that
/// is derived from the room's and the nonce, with the author's id as associated data.
class ChatRoom {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kNonceBytes = 24;
  /// What sealing adds.
  static constexpr std::size_t kSealBytes = kNonceBytes + 16;
  static constexpr std::size_t kMaxNameBytes = 128;
  static constexpr std::size_t kMaxLinkBytes = 1024;

  /// Throws Error{usage} for a name that is empty or longer than kMaxNameBytes.
  static ChatRoom open_to_all(std::string name);
  static ChatRoom private_room(std::string name, Random& random);
  /// A link, or a name. Throws Error{usage}.
  static ChatRoom parse(std::string_view text);

  const std::string& name() const { return name_; }
  bool is_private() const { return key_.has_value(); }
  std::string link() const;
  /// The pubsub topic; says nothing of a private room's name or key.
  std::string topic() const;

  /// Unchanged in a room that is open to all.
  Bytes seal(const PeerId& author, ByteView message, Random& random) const;
  /// None when the room's key did not seal it, or not for this author.
  std::optional<Bytes> open(const PeerId& author, ByteView sealed) const;

 private:
  ChatRoom(std::string name, std::optional<Bytes> key);

  std::string name_;
  std::optional<Bytes> key_;
};

}  // namespace shoal::service
