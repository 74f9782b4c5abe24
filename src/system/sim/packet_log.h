#pragma once

#include <functional>

#include "system/sim/packet.h"

namespace shoal::sim {

/// Writes packets in the format pcap, with nanoseconds, from the IP header on (LINKTYPE_RAW).
/// Parts of streams are dressed as TCP, with their real sequence numbers modulo 2^32; checksums of
/// TCP and UDP are left at zero.
class PacketLog {
 public:
  explicit PacketLog(std::function<void(ByteView)> sink);
  void write(const Packet& packet, WallTime time);

 private:
  std::function<void(ByteView)> sink_;
};

}  // namespace shoal::sim
