#include "system/sim/packet_log.h"

#include <utility>

namespace shoal::sim {

namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPush = 8, kAck = 16;

void put16(Bytes& out, std::uint64_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& out, std::uint64_t value) {
  put16(out, value >> 16);
  put16(out, value);
}

/// pcap's own fields go in the writer's byte order, which readers tell by the magic number: ours
/// is big-endian throughout.
Bytes file_header() {
  Bytes out;
  put32(out, 0xa1b23c4d);  // timestamps in nanoseconds
  put16(out, 2);
  put16(out, 4);
  put32(out, 0);
  put32(out, 0);
  put32(out, 65'535);
  put32(out, 101);  // LINKTYPE_RAW
  return out;
}

std::uint16_t checksum(ByteView header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += header[i] << 8 | header[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

Bytes ip_header(const Packet& packet, std::uint8_t protocol, std::size_t length) {
  Bytes out;
  if (packet.to.address.is_v6()) {
    put32(out, 0x60000000);
    put16(out, length);
    out.push_back(protocol);
    out.push_back(64);
    append(out, packet.from.address.bytes());
    append(out, packet.to.address.bytes());
    return out;
  }
  put16(out, 0x4500);
  put16(out, length + 20);
  put32(out, 0x00004000);  // don't fragment
  out.push_back(64);
  out.push_back(protocol);
  put16(out, 0);
  append(out, packet.from.address.bytes());
  append(out, packet.to.address.bytes());
  const std::uint16_t sum = checksum(out);
  out[10] = static_cast<std::uint8_t>(sum >> 8);
  out[11] = static_cast<std::uint8_t>(sum);
  return out;
}

Bytes udp_header(const Packet& packet) {
  Bytes out;
  put16(out, packet.from.port);
  put16(out, packet.to.port);
  put16(out, packet.payload.size() + 8);
  put16(out, 0);
  return out;
}

std::uint8_t tcp_flags(const Packet& packet) {
  switch (packet.kind) {
    case PacketKind::syn:
      return kSyn;
    case PacketKind::syn_ack:
      return kSyn | kAck;
    case PacketKind::reset:
      return kRst | kAck;
    default: {
      unsigned flags = kAck;
      if (!packet.payload.empty()) flags |= kPush;
      if (packet.fin) flags |= kFin;
      return static_cast<std::uint8_t>(flags);
    }
  }
}

Bytes tcp_header(const Packet& packet) {
  // The SYN takes number 0, so the stream's byte 0 is number 1.
  const bool syn = packet.kind == PacketKind::syn || packet.kind == PacketKind::syn_ack;
  Bytes out;
  put16(out, packet.from.port);
  put16(out, packet.to.port);
  put32(out, syn ? 0 : packet.sequence + 1);
  put32(out, packet.kind == PacketKind::syn ? 0 : packet.acknowledged + 1);
  out.push_back(0x50);
  out.push_back(tcp_flags(packet));
  put16(out, 65'535);
  put32(out, 0);
  return out;
}

}  // namespace

PacketLog::PacketLog(std::function<void(ByteView)> sink) : sink_(std::move(sink)) {
  sink_(file_header());
}

void PacketLog::write(const Packet& packet, WallTime time) {
  const bool udp = packet.kind == PacketKind::datagram;
  const Bytes transport = udp ? udp_header(packet) : tcp_header(packet);
  const Bytes ip = ip_header(packet, udp ? kUdp : kTcp, transport.size() + packet.payload.size());
  const auto nanoseconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
  const std::size_t length = ip.size() + transport.size() + packet.payload.size();
  Bytes record;
  record.reserve(16 + length);
  put32(record, nanoseconds / 1'000'000'000);
  put32(record, nanoseconds % 1'000'000'000);
  put32(record, length);
  put32(record, length);
  append(record, ip);
  append(record, transport);
  append(record, packet.payload);
  sink_(record);
}

}  // namespace shoal::sim
