#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <vector>

#include "net/muxer/yamux/session.h"

/// For tests: a session with everything that the glue around it would keep, and peers of it.
namespace shoal::yamux::testing {

using namespace std::chrono_literals;

inline constexpr std::chrono::nanoseconds kStart = 1000s;

inline Bytes frame(FrameType type, unsigned flags, StreamId stream, std::uint32_t length) {
  const HeaderBytes bytes = encode({type, static_cast<std::uint16_t>(flags), stream, length});
  return {bytes.begin(), bytes.end()};
}

inline Bytes data(unsigned flags, StreamId stream, ByteView payload) {
  Bytes bytes = frame(FrameType::data, flags, stream, static_cast<std::uint32_t>(payload.size()));
  append(bytes, payload);
  return bytes;
}

inline Bytes update(unsigned flags, StreamId stream, std::uint32_t credit) {
  return frame(FrameType::window_update, flags, stream, credit);
}

/// One end: what arrived, by stream, and what is to be written.
struct End {
  explicit End(Role role, const SessionConfig& config = {}) : session(role, config, now) {}

  /// Feeds `input`, and returns the events other than data, whose bytes go to `received`.
  std::vector<Event> feed(ByteView input) {
    std::vector<Event> events;
    while (auto event = session.receive(input, now)) {
      if (event->kind == Event::Kind::data) {
        append(received[event->stream], event->data);
        if (consume) session.consumed(event->stream, event->data.size(), now);
      } else {
        events.push_back(*event);
      }
    }
    return events;
  }

  /// All that `payload` still can be sent, as frames; the rest stays in `payload`.
  Bytes send(StreamId stream, ByteView& payload) {
    Bytes out;
    while (!payload.empty()) {
      const std::size_t bytes = std::min(payload.size(), session.sendable(stream));
      if (bytes == 0) break;
      session.begin_data(stream, bytes, out, now);
      append(out, payload.first(bytes));
      payload = payload.subspan(bytes);
    }
    return out;
  }

  Bytes control() {
    Bytes out;
    session.take_control(out, now);
    return out;
  }

  /// The headers of the control frames that wait, which are thereby taken.
  std::vector<FrameHeader> frames() {
    std::vector<FrameHeader> headers;
    const Bytes bytes = control();
    for (std::size_t at = 0; at < bytes.size(); at += kHeaderBytes) {
      headers.push_back(decode(std::span(bytes).subspan(at).first<kHeaderBytes>()));
    }
    return headers;
  }

  std::chrono::nanoseconds now = kStart;
  bool consume = true;
  Session session;
  std::map<StreamId, Bytes> received;
};

/// Passes control frames to and fro until both sides are silent.
inline void exchange(End& a, End& b) {
  while (a.session.has_control() || b.session.has_control()) {
    b.feed(a.control());
    a.feed(b.control());
  }
}

inline Bytes pattern(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace shoal::yamux::testing
