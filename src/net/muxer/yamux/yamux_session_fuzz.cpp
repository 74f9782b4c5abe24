#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/fuzz_script.h"
#include "net/muxer/yamux/session.h"

// A peer that sends anything to a session whose user does anything. The input is a script: a byte
// for the limits, then steps of one byte for what happens and what it takes. The books of the
// session are compared with books kept here after each step.

namespace {

using namespace shoal;
using namespace shoal::yamux;
using namespace std::chrono_literals;

SessionConfig limits(std::uint8_t choice) {
  SessionConfig config;
  config.max_inbound_streams = 4;
  config.accept_backlog = 2;
  config.max_stream_window = (choice & 2) != 0 ? 4 * kInitialWindow : kInitialWindow;
  config.receive_budget = (choice & 4) != 0 ? 3 * kInitialWindow : 1000;
  return config;
}

class Run {
 public:
  explicit Run(FuzzScript script)
      : script_(script),
        choice_(script_.byte()),
        config_(limits(choice_)),
        session_((choice_ & 1) != 0 ? Role::client : Role::server, config_, now_) {}

  void go() {
    try {
      while (!script_.empty()) {
        step();
        check();
      }
    } catch (const Error&) {
      after_the_end();
    }
    check();
  }

 private:
  void step() {
    switch (const std::uint8_t what = script_.byte(); what % 16) {
      case 0:
        return hear(script_.take(script_.byte()));
      case 1:
        return hear_frame();
      case 2:
        return hear(Bytes(script_.number()));  // also the payload of a frame
      case 3:
        return open();
      case 4:
        return session_.accept(stream());
      case 5:
        return session_.announce(stream());
      case 6:
        return send();
      case 7:
        return consume();
      case 8:
        return session_.finish(stream());
      case 9:
        return stop_reading();
      case 10:
        return reset();
      case 11:
        return take_control();
      case 12:
        return wait();
      case 13:
        return session_.on_time(now_);
      case 14:
        return consume_everything();
      default:
        if (what == 255) session_.go_away(GoAwayCode::normal);
    }
  }

  StreamId stream() { return script_.byte() % 16; }

  void hear(ByteView bytes) {
    while (auto event = session_.receive(bytes, now_)) {
      switch (event->kind) {
        case Event::Kind::data:
          SHOAL_CHECK(!event->data.empty());
          unread_[event->stream] += event->data.size();
          break;
        case Event::Kind::opened:
        case Event::Kind::reset:
        case Event::Kind::dropped:
          unread_.erase(event->stream);
          break;
        case Event::Kind::writable:
          SHOAL_CHECK(session_.sendable(event->stream) > 0);
          break;
        default:
          break;
      }
    }
    SHOAL_CHECK(bytes.empty());
  }

  /// A header that is well formed, so that the fuzzer need not find out how.
  void hear_frame() {
    FrameHeader frame;
    frame.type = static_cast<FrameType>(script_.byte() % 4);
    frame.flags = script_.byte() % 16;
    frame.stream = stream();
    frame.length = static_cast<std::uint32_t>(script_.number()) << script_.byte() % 17;
    hear(encode(frame));
  }

  void open() {
    if (session_.open_backlog_full() || session_.going_away()) return;
    const StreamId id = session_.open(now_);
    SHOAL_CHECK(id % 2 == ((choice_ & 1) != 0 ? 1 : 0));
  }

  void send() {
    const StreamId id = stream();
    const std::size_t can = session_.sendable(id);
    SHOAL_CHECK(can <= kMaxPayload);
    if (can == 0) return;
    Bytes out;
    session_.begin_data(id, 1 + script_.number() % can, out, now_);
    SHOAL_CHECK(out.size() % kHeaderBytes == 0 && !session_.has_control());
  }

  void consume() {
    const StreamId id = stream();
    const std::size_t bytes = std::min(script_.number(), unread_[id]);
    unread_[id] -= bytes;
    session_.consumed(id, bytes, now_);
  }

  void consume_everything() {
    for (auto& [id, bytes] : unread_) session_.consumed(id, std::exchange(bytes, 0), now_);
  }

  void stop_reading() {
    const StreamId id = stream();
    session_.stop_reading(id);
    unread_.erase(id);
  }

  void reset() {
    const StreamId id = stream();
    session_.reset(id, 1);
    unread_.erase(id);
  }

  void take_control() {
    Bytes out;
    session_.take_control(out, now_);
    SHOAL_CHECK(out.size() % kHeaderBytes == 0 && !session_.has_control());
    for (std::size_t at = 0; at < out.size(); at += kHeaderBytes) {
      decode(std::span(out).subspan(at).first<kHeaderBytes>());
    }
  }

  void wait() { now_ += script_.number() * 1ms; }

  void check() {
    const SessionCounts counts = session_.counts();
    std::size_t held = 0;
    for (const auto& [id, bytes] : unread_) held += bytes;
    SHOAL_CHECK(held <= counts.unread_bytes);
    SHOAL_CHECK(counts.unread_bytes <= config_.receive_budget);
    SHOAL_CHECK(counts.grown_bytes <= config_.receive_budget / 2);
    SHOAL_CHECK(counts.inbound <= config_.max_inbound_streams);
    SHOAL_CHECK(counts.unaccepted <= config_.accept_backlog);
    SHOAL_CHECK(counts.unaccepted <= counts.inbound && counts.inbound <= counts.streams);
    SHOAL_CHECK(counts.unacknowledged <= kMaxUnacknowledged);
    SHOAL_CHECK(counts.unacknowledged <= counts.streams - counts.inbound);
    SHOAL_CHECK(counts.lingering <= kMaxLingering && counts.lingering <= counts.streams);
  }

  void after_the_end() {
    for (StreamId id = 0; id < 16; ++id) SHOAL_CHECK(session_.sendable(id) == 0);
    for (StreamId id = 0; id < 16; ++id) session_.reset(id);
    unread_.clear();
    take_control();
  }

  FuzzScript script_;
  std::uint8_t choice_;
  SessionConfig config_;
  std::chrono::nanoseconds now_ = 1s;
  Session session_;
  std::map<StreamId, std::size_t> unread_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(FuzzScript({data, size})).go();
  return 0;
}
