#include "net/muxer/yamux/keepalive.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::yamux {

Keepalive::Time Keepalive::next_deadline() const {
  if (state_ == State::resting) return next_ping_;
  return std::max(asked_, last_heard_) + timeout_;
}

std::optional<std::uint32_t> Keepalive::on_time(Time now) {
  if (now < next_deadline()) return std::nullopt;
  if (state_ != State::resting) {
    throw Error(ErrorCode::timeout, "the peer answers no yamux ping and sends nothing");
  }
  state_ = State::queued;
  asked_ = now;
  return ++value_;
}

void Keepalive::on_sent(Time now) {
  if (state_ != State::queued) return;
  state_ = State::in_flight;
  asked_ = now;
}

void Keepalive::on_pong(std::uint32_t value, Time now) {
  if (state_ != State::in_flight || value != value_) return;
  const Time sample = now - asked_;
  rtt_ = rtt_ ? (*rtt_ + sample) / 2 : sample;
  state_ = State::resting;
  next_ping_ = now + interval_;
}

}  // namespace shoal::yamux
