#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace shoal::net::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

using Mask = std::array<std::uint8_t, 4>;

/// What stands before the payload of a frame (RFC 6455, section 5.2).
struct FrameHeader {
  static constexpr std::size_t kMinBytes = 2;
  static constexpr std::size_t kMaxBytes = 14;
  /// Of ping, pong and close.
  static constexpr std::size_t kMaxControlBytes = 125;

  Opcode opcode = Opcode::binary;
  bool is_last = true;  // of its message
  std::uint64_t length = 0;
  std::optional<Mask> mask{};

  bool is_control() const { return opcode >= Opcode::close; }
  bool operator==(const FrameHeader&) const = default;
};

Bytes encode(const FrameHeader& header);
/// How many bytes the header has whose first two these are.
std::size_t header_bytes(std::uint8_t first, std::uint8_t second);
/// `bytes` are exactly one header. Throws Error{malformed} for reserved bits, unknown opcodes,
/// lengths in more bytes than they need, and control frames that are long or in parts.
FrameHeader decode_header(ByteView bytes);

/// Masks or unmasks the part of a payload that begins at `offset` of it.
void apply_mask(MutableBytes bytes, const Mask& mask, std::uint64_t offset);

}  // namespace shoal::net::websocket
