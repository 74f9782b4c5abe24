#include "system/sim/connection.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/sim/host_network.h"
#include "system/sim/world.h"

namespace shoal::sim {

std::size_t Connection::room() const {
  const std::uint64_t used = unsent_bytes_ + (sent_ - acknowledged_);
  const std::uint64_t bound = network_.host().options().window_bytes;
  return used >= bound ? 0 : bound - used;
}

Task<void> Connection::write(std::span<const ByteView> pieces) {
  if (network_.fires("stream.write")) abort();
  for (ByteView piece : pieces) {
    while (!piece.empty()) {
      while (state_ == State::open && !network_.dead() && room() == 0) {
        pump();
        if (room() == 0) co_await sleep(writer_);
      }
      if (state_ != State::open || network_.dead() || fin_queued_) fail();
      const std::size_t count = std::min(piece.size(), room());
      enqueue(piece.first(count));
      piece = piece.subspan(count);
    }
  }
  if (state_ != State::open || network_.dead() || fin_queued_) fail();
  pump();
}

void Connection::enqueue(ByteView bytes) {
  unsent_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (unsent_.empty() || unsent_.back().size() >= segment_) {
      unsent_.emplace_back();
      unsent_.back().reserve(std::min<std::size_t>(bytes.size(), segment_));
    }
    Bytes& last = unsent_.back();
    const std::size_t count = std::min<std::size_t>(bytes.size(), segment_ - last.size());
    append(last, bytes.first(count));
    bytes = bytes.subspan(count);
  }
}

Bytes Connection::take_unsent(std::size_t bytes) {
  unsent_bytes_ -= bytes;
  if (unsent_offset_ == 0 && unsent_.front().size() == bytes) {
    Bytes whole = std::move(unsent_.front());
    unsent_.pop_front();
    return whole;
  }
  Bytes out;
  out.reserve(bytes);
  while (out.size() < bytes) {
    const ByteView first = ByteView(unsent_.front()).subspan(unsent_offset_);
    const std::size_t count = std::min(bytes - out.size(), first.size());
    append(out, first.first(count));
    unsent_offset_ += count;
    if (unsent_offset_ < unsent_.front().size()) continue;
    unsent_.pop_front();
    unsent_offset_ = 0;
  }
  return out;
}

std::size_t Connection::next_segment_bytes() const {
  const std::uint64_t flying = sent_ - acknowledged_;
  const std::uint64_t window = window_.bytes();
  const std::uint64_t free = std::min(window > flying ? window - flying : 0, limit_ - sent_);
  // The rest of the first chunk goes as it is, without a copy.
  const std::uint64_t chunk = unsent_.empty() ? 0 : unsent_.front().size() - unsent_offset_;
  const std::uint64_t wanted =
      std::min<std::uint64_t>(std::max<std::uint64_t>(chunk, wire_segment_),
                              std::min<std::uint64_t>(unsent_bytes_, segment_));
  if (free >= wanted) return wanted;
  // Waiting for room is better than many small segments, unless nothing is on its way.
  const bool silly = free < std::min<std::uint64_t>(segment_ / 8, window / 8) && flying > 0;
  return silly ? 0 : free;
}

void Connection::pump() {
  while (state_ == State::open && unsent_bytes_ > 0) {
    const std::size_t bytes = next_segment_bytes();
    if (bytes == 0) return;
    send_segment(bytes);
  }
  if (state_ == State::open && fin_queued_ && !fin_sent_) {
    fin_sent_ = true;
    auto packet = make(PacketKind::segment);
    packet->fin = true;
    ++sent_;
    transmit(std::move(packet));
  }
}

void Connection::send_segment(std::size_t bytes) {
  auto packet = make(PacketKind::segment);
  const std::uint64_t real_packets = (bytes + wire_segment_ - 1) / wire_segment_;
  packet->wire_bytes = static_cast<std::uint32_t>(bytes + real_packets * Packet::kTcpHeaders);
  packet->payload = take_unsent(bytes);
  sent_ += bytes;
  transmit(std::move(packet));
}

void Connection::close_write() {
  if (state_ != State::open || network_.dead()) fail();
  fin_queued_ = true;
  pump();
}

void Connection::receive_ack(const Packet& packet) {
  limit_ = std::max(limit_, packet.limit);
  const bool news = packet.acknowledged > acknowledged_;
  if (news || acknowledged_ == sent_) failing_since_ = TimePoint::max();
  if (news) {
    const std::uint64_t fresh = packet.acknowledged - acknowledged_;
    const bool was_full = 2 * (sent_ - acknowledged_) >= window_.bytes();
    acknowledged_ = packet.acknowledged;
    if (packet.sent_at != TimePoint{}) window_.measured(network_.world().now() - packet.sent_at);
    window_.acknowledged(fresh, acknowledged_, sent_, was_full);
  }
  pump();
  const std::size_t enough =
      std::min<std::size_t>(4 * std::size_t{segment_}, network_.host().options().window_bytes / 4);
  if (room() >= enough) wake(writer_);
  remove_when_finished();
}

}  // namespace shoal::sim
