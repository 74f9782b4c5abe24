#pragma once

#include <cstddef>
#include <cstdint>

#include "system/time.h"

namespace shoal::quic {

/// Payload of a datagram: with its headers it fits every path that carries 1,398 bytes. ngtcp2
/// begins with 1,200 and tries larger ones.
inline constexpr std::size_t kMaxPacketBytes = 1350;
/// Streams that the peer may have open, those included that somebody here still holds.
inline constexpr std::size_t kMaxInboundStreams = 1280;
/// What a stream may carry unread from the start, and at most.
inline constexpr std::uint64_t kInitialStreamWindow = 256 * 1024;
inline constexpr std::uint64_t kMaxStreamWindow = 16 * 1024 * 1024;
/// By how much it grows at once, at most. ngtcp2 ends a connection that has a thousand gaps in what
/// arrived of a stream; a sender that grows with the window loses no more than this at a time.
inline constexpr std::uint64_t kMaxWindowStep = 1024 * 1024;
/// What may arrive out of order on all streams of a connection, from the start.
inline constexpr std::uint64_t kInitialConnectionWindow = 1024 * 1024;
/// Unread bytes of all streams of a connection; the stream that exceeds it is reset.
inline constexpr std::size_t kReceiveBudget = 64 * 1024 * 1024;
/// Bytes of a stream that were taken from its writer and have not been sent. Rows of packets that
/// leave together hold up to 64 KiB; its writer is woken when half is left, which should be a row.
inline constexpr std::size_t kMaxUnsent = 256 * 1024;
/// A connection without any packet from the peer for so long is dead; it is asked before.
inline constexpr Duration kIdleTimeout = 30s;
inline constexpr Duration kKeepAlive = 12s;
/// The same in the middle of a transfer: who only receives would not find out otherwise that its
/// address has changed, and the peer not where it is now. And how long after the last data that is.
inline constexpr Duration kTransferKeepAlive = 500ms;
inline constexpr Duration kTransferPause = 3s;
/// What may be sent at once at the beginning (RFC 9002, section 7.7).
inline constexpr std::size_t kUnpacedBytes = 10 * 1200;
/// A line that takes the first in a millisecond is sent the second at once, twice as much: each
/// wait between two bursts costs a timer. It is less than what Linux buffers for a socket that did
/// not ask for more.
inline constexpr std::size_t kFullQuantum = 64 * 1024;
inline constexpr std::size_t kMaxBurstBytes = 2 * 48 * kMaxPacketBytes;
inline constexpr Duration kHandshakeTimeout = 10s;
/// Who has said nothing at all for so long is not there.
inline constexpr Duration kAnswerTimeout = 4s;
/// And where we speak without having waited for an answer, beside some round trips: the peer was
/// there a short while ago, and nothing else is tried meanwhile.
inline constexpr Duration kEarlyAnswerTimeout = 1s;
inline constexpr int kEarlyAnswerRoundTrips = 4;

/// Peers whose tickets are kept, by which the next connection begins to speak at once, and how
/// long.
inline constexpr std::size_t kMaxTickets = 256;
inline constexpr Duration kTicketLifetime = 1h;
/// Clients that began so lately and are remembered, so that none is heard twice; further ones wait
/// for the handshake.
inline constexpr std::size_t kMaxReplayKeys = 16 * 1024;

}  // namespace shoal::quic
