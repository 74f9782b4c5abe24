#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "system/time.h"

namespace shoal::sim {

enum class PacketKind : std::uint8_t { datagram, syn, syn_ack, segment, ack, reset };

/// What travels between hosts. Those of one stream may carry as much as kMaxSegment and stand for
/// as many real packets as that takes.
struct Packet {
  static constexpr std::uint32_t kIpHeader = 20;
  static constexpr std::uint32_t kUdpHeaders = 28;
  static constexpr std::uint32_t kTcpHeaders = 40;

  PacketKind kind = PacketKind::datagram;
  bool fin = false;              // the sender's half ends before `sequence` + 1
  bool loop = true;              // of a datagram to a group: the sending host gets it too
  std::uint8_t ecn = 0;          // of a datagram
  std::uint8_t attempts = 0;     // how often it was lost before
  std::uint32_t target = 0;      // index of the host that has `target_stream`
  std::uint32_t source = 0;      // index of the sending host
  std::uint32_t wire_bytes = 0;  // with headers
  Endpoint from;
  Endpoint to;
  std::uint64_t source_stream = 0;  // the sender's number of the stream; 0: none
  std::uint64_t target_stream = 0;
  std::uint64_t sequence = 0;      // of the first byte of `payload`
  std::uint64_t acknowledged = 0;  // all bytes before it have arrived
  std::uint64_t limit = 0;         // the sender of this takes bytes before it
  TimePoint sent_at{};             // of an ack: when what it acknowledges was sent
  Bytes payload;
};

using PacketPtr = std::unique_ptr<Packet>;

/// One station on the way of packets: a queue, a line, a NAT.
///
/// A packet's way is: the hops of the sending host outwards, the wide net (Paths), the hops of the
/// receiving host inwards. A hop may rewrite a packet's `from` on the way out and `to` on the way
/// in, which is what a NAT is: a hop that the hosts behind it share, in both
/// lists, and a World::set_route for its public address.
class Hop {
 public:
  virtual ~Hop() = default;
  /// The packet gets here at `at`, which may lie ahead of the clock; calls come in the order of
  /// arrival. Returns when it leaves (not before `at`), or nothing when it is lost.
  virtual std::optional<TimePoint> pass(Packet& packet, TimePoint at) = 0;
};

}  // namespace shoal::sim
