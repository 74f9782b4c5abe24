#include "system/sim/datagrams.h"

#include <algorithm>

#include "base/error.h"
#include "system/sim/host_network.h"

namespace shoal::sim {

HostSocket::HostSocket(HostNetwork& network, Endpoint local)
    : network_(network), local_(local), arrived_(network.waits()) {}

HostSocket::~HostSocket() {
  network_.remove(*this);
}

Task<DatagramSocket::Received> HostSocket::receive(MutableBytes into) {
  while (waiting_.empty()) co_await arrived_.wait();
  const Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= first.bytes.size();
  const std::size_t count = std::min(first.bytes.size(), into.size());
  std::copy_n(first.bytes.begin(), count, into.begin());
  co_return Received{.bytes = count, .from = first.from};
}

void HostSocket::send(Endpoint to, ByteView bytes) {
  if (network_.dead() || bytes.size() > kMaxBytes) return;
  auto packet = std::make_unique<Packet>();
  packet->wire_bytes = static_cast<std::uint32_t>(bytes.size()) + Packet::kUdpHeaders;
  packet->to = {.address = to.address.normalised(), .port = to.port};
  packet->from = local_;
  if (local_.address.is_unspecified()) {
    try {
      packet->from.address = network_.source_for(packet->to.address);
    } catch (const Error&) {
      return;  // no route: lost like any other
    }
  }
  packet->payload = to_bytes(bytes);
  network_.send(std::move(packet));
}

void HostSocket::take(const Packet& packet) {
  if (waiting_bytes_ + packet.payload.size() > kBufferBytes) return;
  waiting_bytes_ += packet.payload.size();
  waiting_.push_back({.bytes = packet.payload, .from = packet.from});
  arrived_.notify_one();
}

}  // namespace shoal::sim
