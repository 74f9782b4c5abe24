#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace shoal::yamux {

/// Pings: they measure the round trip and notice a dead peer.
///
///     resting --interval passed--> queued --written--> in flight --pong--> resting
///                                    \___ nothing heard for `timeout` ___/--> Error{timeout}
///
/// One ping at a time. Whatever the peer sends counts as a sign of life, since on a busy
/// connection the answer waits behind the data.
class Keepalive {
 public:
  using Time = std::chrono::nanoseconds;

  /// The first ping is due at once, for the round trip.
  Keepalive(Time interval, Time timeout, Time now)
      : interval_(interval), timeout_(timeout), next_ping_(now), last_heard_(now) {}

  /// When on_time() wants to be called. Moves only further away when bytes arrive, so a timer that
  /// fires too early is harmless.
  Time next_deadline() const;

  /// The value of a ping to send now, if one is due. Throws Error{timeout} if the peer is silent.
  std::optional<std::uint32_t> on_time(Time now);

  /// The ping that on_time() asked for leaves now.
  void on_sent(Time now);
  void on_received(Time now) { last_heard_ = now; }
  /// Answers to no ping of ours, or to an earlier one, are ignored.
  void on_pong(std::uint32_t value, Time now);

  /// Smoothed over the pings; empty before the first answer.
  std::optional<Time> rtt() const { return rtt_; }

 private:
  enum class State : std::uint8_t { resting, queued, in_flight };

  Time interval_;
  Time timeout_;
  Time next_ping_;
  Time last_heard_;
  Time asked_{};
  std::optional<Time> rtt_;
  std::uint32_t value_ = 0;
  State state_ = State::resting;
};

}  // namespace shoal::yamux
