#include "system/sim/connection.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/sim/host_network.h"
#include "system/sim/world.h"

namespace shoal::sim {

namespace {

constexpr Duration kLongestRetransmission = std::chrono::seconds(16);
constexpr unsigned kMostDoublings = 10;

Duration backed_off(Duration timeout, unsigned attempts) {
  return std::min(timeout * (1 << std::min(attempts, kMostDoublings)), kLongestRetransmission);
}

}  // namespace

void Connection::lost(PacketPtr packet) {
  if (state_ == State::broken || packet->kind == PacketKind::reset) return;
  const TimePoint now = network_.world().now();
  failing_since_ = std::min(failing_since_, now);
  const bool syn = packet->kind == PacketKind::syn;
  if (!syn && now - failing_since_ >= network_.host().options().retransmission_limit) {
    return break_off(Break::timed_out);
  }
  const bool others_follow = sent_ - acknowledged_ > 3 * std::uint64_t{wire_segment_};
  Duration delay = backed_off(window_.retransmission_timeout(), packet->attempts);
  if (packet->kind == PacketKind::segment) {
    if (packet->attempts == 0 && others_follow) delay = window_.round_trip();
    window_.lost(now);
  }
  if (packet->attempts < kMostDoublings) ++packet->attempts;
  retransmit_after(delay, std::move(packet));
}

void Connection::retransmit_after(Duration delay, PacketPtr packet) {
  network_.world().after(
      delay, [&network = network_, number = number_, packet = std::move(packet)]() mutable {
        Connection* connection = network.find_connection(number);
        if (connection == nullptr || connection->state_ == State::broken) return;
        const bool syn = packet->kind == PacketKind::syn;
        if (syn && connection->state_ != State::connecting) return;
        // Hops on its way may have rewritten them.
        packet->from = connection->local_;
        packet->to = connection->remote_;
        connection->transmit(std::move(packet));
      });
}

/// Also for one that only tells of room: a sender without any would never hear of it again.
bool Connection::waits_for_acknowledgement() const {
  const bool no_room = !fin_sent_ && sent_ >= limit_;
  return state_ == State::open && (sent_ > acknowledged_ || no_room);
}

void Connection::probe_later() {
  if (probing_ || !(state_ == State::half_open || waits_for_acknowledgement())) return;
  probing_ = true;
  const TimePoint now = network_.world().now();
  failing_since_ = std::min(failing_since_, now);
  const Duration delay = window_.retransmission_timeout();
  network_.world().after(delay, [&network = network_, number = number_] {
    Connection* connection = network.find_connection(number);
    if (connection != nullptr) connection->probe();
  });
}

void Connection::probe() {
  probing_ = false;
  if (state_ == State::half_open) return send_control(PacketKind::syn_ack);
  if (!waits_for_acknowledgement()) return;
  const TimePoint now = network_.world().now();
  if (failing_since_ != TimePoint::max() &&
      now - failing_since_ >= network_.host().options().retransmission_limit) {
    return break_off(Break::timed_out);
  }
  auto packet = make(PacketKind::segment);
  packet->sequence = acknowledged_;
  transmit(std::move(packet));
}

}  // namespace shoal::sim
