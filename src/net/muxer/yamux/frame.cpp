#include "net/muxer/yamux/frame.h"

#include <string>

#include "base/error.h"

namespace shoal::yamux {
namespace {

constexpr std::uint16_t kKnownFlags = kSyn | kAck | kFin | kRst;

void put32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t get32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
         at[3];
}

}  // namespace

HeaderBytes encode(const FrameHeader& header) {
  HeaderBytes bytes{};
  bytes[1] = static_cast<std::uint8_t>(header.type);
  bytes[2] = static_cast<std::uint8_t>(header.flags >> 8);
  bytes[3] = static_cast<std::uint8_t>(header.flags);
  put32(&bytes[4], header.stream);
  put32(&bytes[8], header.length);
  return bytes;
}

FrameHeader decode(std::span<const std::uint8_t, kHeaderBytes> bytes) {
  if (bytes[0] != 0) {
    throw Error(ErrorCode::unsupported,
                "yamux version " + std::to_string(bytes[0]) + " is unknown");
  }
  if (bytes[1] > static_cast<std::uint8_t>(FrameType::go_away)) {
    throw Error(ErrorCode::malformed,
                "yamux frame type " + std::to_string(bytes[1]) + " is unknown");
  }
  const auto flags = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
  if ((flags & ~kKnownFlags) != 0) {
    throw Error(ErrorCode::malformed, "yamux frame has unknown flags");
  }
  return {static_cast<FrameType>(bytes[1]), flags, get32(&bytes[4]), get32(&bytes[8])};
}

}  // namespace shoal::yamux
