#include "system/sim/connection.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/sim/host_network.h"
#include "system/sim/world.h"

namespace shoal::sim {

bool Connection::must_wait_to_read() const {
  return received_.empty() && !end_received_ && state_ == State::open && !network_.dead();
}

Task<void> Connection::wait_readable() {
  while (must_wait_to_read()) co_await sleep(reader_);
}

Task<std::size_t> Connection::read_some(MutableBytes into) {
  SHOAL_CHECK(!into.empty());
  while (must_wait_to_read()) co_await sleep(reader_);
  if (network_.fires("stream.read")) abort();
  if (network_.dead() || why_ == Break::aborted) fail();
  if (network_.fires("stream.short_read")) into = into.first(1);
  if (!received_.empty()) co_return take_received(into);
  if (!end_received_) fail();
  end_read_ = true;
  co_return 0;
}

std::size_t Connection::take_received(MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size() && !received_.empty()) {
    const ByteView first = ByteView(received_.front()).subspan(received_offset_);
    const std::size_t count = std::min(first.size(), into.size() - done);
    std::copy_n(first.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
    received_offset_ += count;
    if (received_offset_ < received_.front().size()) break;
    received_.pop_front();
    received_offset_ = 0;
  }
  read_ += done;
  const std::uint64_t window = network_.host().options().window_bytes;
  // What is not told is lost to the sender's window, so it lags by a small part of it at most.
  if (read_ + window >= advertised_ + window / 16 && !end_received_) acknowledge(TimePoint{});
  return done;
}

void Connection::receive_segment(Packet& packet) {
  const TimePoint echo = packet.sent_at;
  if (packet.sequence > expected_) {
    early_.try_emplace(packet.sequence, std::move(packet));
  } else if (packet.sequence == expected_) {
    accept_in_order(packet);
    while (!early_.empty() && early_.begin()->first <= expected_) {
      auto next = early_.extract(early_.begin());
      if (next.key() == expected_) accept_in_order(next.mapped());
    }
    wake(reader_);
  }
  acknowledge(echo);
  remove_when_finished();
}

void Connection::accept_in_order(Packet& packet) {
  expected_ += packet.payload.size();
  if (packet.fin) {
    ++expected_;
    end_received_ = true;
  } else if (!packet.payload.empty()) {
    received_.push_back(std::move(packet.payload));
  }
}

void Connection::acknowledge(TimePoint echo) {
  if (state_ != State::open) return;
  auto packet = make(PacketKind::ack);
  packet->sent_at = echo;
  advertised_ = packet->limit;
  transmit(std::move(packet));
}

}  // namespace shoal::sim
