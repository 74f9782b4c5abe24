#pragma once

#include <list>
#include <set>
#include <utility>

#include "system/event.h"
#include "system/network.h"
#include "system/sim/packet.h"

namespace shoal::sim {

class HostNetwork;

class HostSocket final : public DatagramSocket {
 public:
  /// What may wait for receive(); more is lost.
  static constexpr std::size_t kBufferBytes = 1 << 20;

  HostSocket(HostNetwork& network, Endpoint local, BindOptions options);
  ~HostSocket() override;

  Endpoint local() const override { return local_; }
  Task<Received> receive(MutableBytes into) override;
  using DatagramSocket::send;
  SendResult send(Endpoint to, ByteView bytes, SendOptions options) override;
  Task<void> wait_writable() override;
  void join_group(IpAddress group, std::uint32_t interface_index) override;
  void leave_group(IpAddress group, std::uint32_t interface_index) noexcept override;

  bool reuses() const { return options_.reuse; }
  bool is_member(const IpAddress& group, std::uint32_t interface_index) const;
  void take(const Packet& packet, std::uint32_t interface_index);

 private:
  struct Waiting {
    Bytes bytes;
    Received about;
  };

  SendResult send_one(const Endpoint& to, ByteView bytes, const SendOptions& options);
  bool continues(const Received& row, std::size_t room) const;

  HostNetwork& network_;
  Endpoint local_;
  BindOptions options_;
  std::set<std::pair<IpAddress, std::uint32_t>> groups_;
  std::list<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  Event arrived_;
};

}  // namespace shoal::sim
