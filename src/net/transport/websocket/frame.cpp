#include "net/transport/websocket/frame.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"

namespace shoal::net::websocket {

namespace {

constexpr std::uint8_t kLast = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0f;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kShort = 0x7f;
constexpr std::uint8_t kTwoBytes = 126;
constexpr std::uint8_t kEightBytes = 127;

std::size_t length_bytes(std::uint8_t second) {
  const std::uint8_t given = second & kShort;
  return given == kTwoBytes ? 2 : given == kEightBytes ? 8 : 0;
}

[[noreturn]] void refuse_frame(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

bool is_known(Opcode opcode) {
  switch (opcode) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary:
    case Opcode::close:
    case Opcode::ping:
    case Opcode::pong:
      return true;
  }
  return false;
}

std::uint64_t decode_length(ByteView bytes) {
  const std::size_t count = length_bytes(bytes[1]);
  if (count == 0) return bytes[1] & kShort;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out = out << 8 | bytes[2 + i];
  const std::uint64_t least = count == 2 ? kTwoBytes : 0x1'0000;
  if (out < least) refuse_frame("a WebSocket length in more bytes than it needs");
  if (out >> 63 != 0) refuse_frame("a WebSocket length of more than 63 bits");
  return out;
}

void check(const FrameHeader& header) {
  if (!is_known(header.opcode)) refuse_frame("a WebSocket frame of an unknown type");
  if (!header.is_control()) return;
  if (!header.is_last) refuse_frame("a WebSocket control frame in parts");
  if (header.length > FrameHeader::kMaxControlBytes)
    refuse_frame("a WebSocket control frame too long");
}

}  // namespace

Bytes encode(const FrameHeader& header) {
  Bytes out;
  out.push_back(static_cast<std::uint8_t>((header.is_last ? kLast : 0) |
                                          static_cast<std::uint8_t>(header.opcode)));
  const std::size_t count = header.length < kTwoBytes ? 0 : header.length < 0x1'0000 ? 2 : 8;
  const std::uint8_t given = count == 0   ? static_cast<std::uint8_t>(header.length)
                             : count == 2 ? kTwoBytes
                                          : kEightBytes;
  out.push_back(static_cast<std::uint8_t>((header.mask ? kMasked : 0) | given));
  for (std::size_t i = count; i-- > 0;)
    out.push_back(static_cast<std::uint8_t>(header.length >> (8 * i)));
  if (header.mask) append(out, *header.mask);
  return out;
}

std::size_t header_bytes(std::uint8_t /*first*/, std::uint8_t second) {
  return FrameHeader::kMinBytes + length_bytes(second) +
         ((second & kMasked) != 0 ? std::tuple_size_v<Mask> : 0);
}

FrameHeader decode_header(ByteView bytes) {
  if (bytes.size() < FrameHeader::kMinBytes || bytes.size() != header_bytes(bytes[0], bytes[1]))
    refuse_frame("a WebSocket frame header cut short");
  if ((bytes[0] & kReserved) != 0) refuse_frame("a WebSocket frame with an extension");
  FrameHeader out{.opcode = static_cast<Opcode>(bytes[0] & kOpcode),
                  .is_last = (bytes[0] & kLast) != 0,
                  .length = decode_length(bytes)};
  if ((bytes[1] & kMasked) != 0) {
    Mask mask{};
    std::copy_n(bytes.end() - static_cast<std::ptrdiff_t>(mask.size()), mask.size(), mask.begin());
    out.mask = mask;
  }
  check(out);
  return out;
}

void apply_mask(MutableBytes bytes, const Mask& mask, std::uint64_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ mask[(offset + i) % mask.size()]);
}

}  // namespace shoal::net::websocket
