#include "system/sim/datagrams.h"

#include <algorithm>

#include "base/error.h"
#include "system/sim/host_network.h"

namespace shoal::sim {

HostSocket::HostSocket(HostNetwork& network, Endpoint local, BindOptions options)
    : network_(network), local_(local), options_(options), arrived_(network.waits()) {}

HostSocket::~HostSocket() {
  network_.remove(*this);
}

Task<DatagramSocket::Received> HostSocket::receive(MutableBytes into) {
  while (waiting_.empty()) co_await arrived_.wait();
  Received out = waiting_.front().about;
  out.bytes = 0;
  std::size_t segments = 0;
  do {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.bytes.size();
    const std::size_t count = std::min(next.bytes.size(), into.size() - out.bytes);
    std::copy_n(next.bytes.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(out.bytes));
    out.bytes += count;
    if (++segments == 1) out.segment_bytes = static_cast<std::uint16_t>(count);
    if (count < out.segment_bytes || segments == kMaxSegments) break;
  } while (continues(out, into.size() - out.bytes));
  if (segments == 1) out.segment_bytes = 0;
  co_return out;
}

/// Whether the next datagram may be returned with those before it.
bool HostSocket::continues(const Received& row, std::size_t room) const {
  if (!options_.batches || waiting_.empty()) return false;
  const Waiting& next = waiting_.front();
  return next.about.from == row.from && next.about.to == row.to && next.about.ecn == row.ecn &&
         !next.bytes.empty() && next.bytes.size() <= row.segment_bytes && next.bytes.size() <= room;
}

SendResult HostSocket::send(Endpoint to, ByteView bytes, SendOptions options) {
  if (bytes.size() > kMaxBytes) return SendResult::too_large;
  if (options.segment_bytes == 0) return send_one(to, bytes, options);
  if (bytes.size() > kMaxSegments * std::size_t{options.segment_bytes}) {
    return SendResult::too_large;
  }
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(options.segment_bytes, bytes.size());
    const SendResult result = send_one(to, bytes.first(count), options);
    if (result != SendResult::sent) return result;
    bytes = bytes.subspan(count);
  }
  return SendResult::sent;
}

SendResult HostSocket::send_one(const Endpoint& to, ByteView bytes, const SendOptions& options) {
  if (network_.dead()) return SendResult::failed;
  const bool to_group = to.address.is_multicast();
  if (to_group && !network_.has_segment(options.interface_index)) return SendResult::unreachable;
  auto packet = std::make_unique<Packet>();
  packet->wire_bytes = static_cast<std::uint32_t>(bytes.size()) + Packet::kUdpHeaders;
  packet->to = {.address = to.address.normalised(), .port = to.port};
  packet->from = local_;
  packet->ecn = options.ecn;
  if (!options.from.is_unspecified()) {
    if (!network_.has_address(options.from)) return SendResult::unreachable;
    packet->from.address = options.from;
  } else if (local_.address.is_unspecified()) {
    try {
      packet->from.address = network_.source_for(packet->to.address);
    } catch (const Error&) {
      return SendResult::unreachable;
    }
  }
  packet->payload = to_bytes(bytes);
  packet->loop = options_.multicast_loop;
  network_.send(std::move(packet));
  return SendResult::sent;
}

/// A simulated send never blocks.
Task<void> HostSocket::wait_writable() {
  co_return;
}

void HostSocket::join_group(IpAddress group, std::uint32_t interface_index) {
  if (!network_.has_segment(interface_index)) {
    throw Error(ErrorCode::failed, "no such interface", group.to_string());
  }
  groups_.emplace(group, interface_index);
}

void HostSocket::leave_group(IpAddress group, std::uint32_t interface_index) noexcept {
  groups_.erase({group, interface_index});
}

bool HostSocket::is_member(const IpAddress& group, std::uint32_t interface_index) const {
  return groups_.contains({group, interface_index});
}

void HostSocket::take(const Packet& packet, std::uint32_t interface_index) {
  if (waiting_bytes_ + packet.payload.size() > kBufferBytes) return;
  waiting_bytes_ += packet.payload.size();
  const Received about{.bytes = packet.payload.size(),
                       .from = packet.from,
                       .interface_index = interface_index,
                       .to = packet.to.address,
                       .ecn = packet.ecn};
  waiting_.push_back({.bytes = packet.payload, .about = about});
  arrived_.notify_one();
}

}  // namespace shoal::sim
