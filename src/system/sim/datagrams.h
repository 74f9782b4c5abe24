#pragma once

#include <list>

#include "system/event.h"
#include "system/network.h"
#include "system/sim/packet.h"

namespace shoal::sim {

class HostNetwork;

class HostSocket final : public DatagramSocket {
 public:
  /// What may wait for receive(); more is lost.
  static constexpr std::size_t kBufferBytes = 1 << 20;

  HostSocket(HostNetwork& network, Endpoint local);
  ~HostSocket() override;

  Endpoint local() const override { return local_; }
  Task<Received> receive(MutableBytes into) override;
  void send(Endpoint to, ByteView bytes) override;

  void take(const Packet& packet);

 private:
  struct Waiting {
    Bytes bytes;
    Endpoint from;
  };

  HostNetwork& network_;
  Endpoint local_;
  std::list<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Event arrived_;
};

}  // namespace shoal::sim
