#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace shoal::service {

/// What a member of a chat publishes. Who says it is the author of the pubsub message around it.
struct ChatMessage {
  enum class Kind : std::uint8_t { say = 1, here = 2, bye = 3 };

  static constexpr std::size_t kMaxNameBytes = 64;
  static constexpr std::size_t kMaxTextBytes = 16 * 1024;
  /// All of it, encoded.
  static constexpr std::size_t kMaxBytes = kMaxTextBytes + kMaxNameBytes + 64;

  Kind kind = Kind::here;
  std::string name;             // of the author's choice; any bytes
  std::string text;             // of say; any bytes
  std::uint64_t time_ms = 0;    // by the author's clock, since 1970
  std::uint64_t period_ms = 0;  // of here: until the next one, at most

  bool operator==(const ChatMessage&) const = default;

  Bytes encode() const;
  /// Throws Error{malformed}, {limit}, and {unsupported} for another kind.
  static ChatMessage decode(ByteView bytes);
};

}  // namespace shoal::service
