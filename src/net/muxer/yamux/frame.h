#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// The frame header of yamux (libp2p/specs yamux, "Framing"): version, type, flags, stream id and
/// length, 12 bytes in network order.
namespace shoal::yamux {

/// Odd when the client opened it, even when the server did; 0 is the session itself.
using StreamId = std::uint32_t;

inline constexpr std::size_t kHeaderBytes = 12;

/// What both sides may send on a new stream before any window update. Set by the spec.
inline constexpr std::uint32_t kInitialWindow = 256 * 1024;

/// Largest payload that we put in one frame, so that header and payload fill one Noise message
/// (65535 bytes less its tag of 16). What we accept is bounded by the stream's window only.
inline constexpr std::size_t kMaxPayload = 65519 - kHeaderBytes;

enum class FrameType : std::uint8_t { data = 0, window_update = 1, ping = 2, go_away = 3 };

inline constexpr std::uint16_t kSyn = 1;
inline constexpr std::uint16_t kAck = 2;
inline constexpr std::uint16_t kFin = 4;
inline constexpr std::uint16_t kRst = 8;

enum class GoAwayCode : std::uint32_t { normal = 0, protocol_error = 1, internal_error = 2 };

struct FrameHeader {
  FrameType type = FrameType::data;
  std::uint16_t flags = 0;
  StreamId stream = 0;
  /// Payload bytes (data), credit in bytes or with RST an error code (window update), opaque value
  /// (ping), GoAwayCode (go away).
  std::uint32_t length = 0;

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  bool operator==(const FrameHeader&) const = default;
};

using HeaderBytes = std::array<std::uint8_t, kHeaderBytes>;

HeaderBytes encode(const FrameHeader& header);

/// Throws Error{unsupported} for a version other than 0, Error{malformed} for an unknown type or
/// flag. What a field means for a stream is the session's to judge.
FrameHeader decode(std::span<const std::uint8_t, kHeaderBytes> bytes);

}  // namespace shoal::yamux
