#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "net/muxer/yamux/frame.h"
#include "net/muxer/yamux/frame_budget.h"
#include "net/muxer/yamux/keepalive.h"
#include "net/muxer/yamux/stream_state.h"

namespace shoal::yamux {

/// The side that dialled is the client, its streams have odd ids.
enum class Role : std::uint8_t { client, server };

/// Streams that we opened and the peer has not acknowledged (libp2p/specs yamux, "ACK backlog").
inline constexpr std::size_t kMaxUnacknowledged = 256;
/// Pings of the peer that wait for our answer to be written; further ones get none.
inline constexpr std::size_t kMaxPongs = 32;
/// Streams kept after we are done with them, see StreamState.
inline constexpr std::size_t kMaxLingering = 256;
/// Control frames that may wait to be written while the peer sends on. A peer that keeps us
/// answering and never reads the answers ends here.
inline constexpr std::size_t kMaxControlBytes = 256 * 1024;

struct SessionConfig {
  /// Streams the peer may have open; a further one is reset.
  std::size_t max_inbound_streams = 1280;
  /// Of these, streams that nobody accepted yet; a further one is reset.
  std::size_t accept_backlog = 256;
  /// Bytes; windows start at kInitialWindow and double up to this.
  std::uint32_t max_stream_window = 16 * 1024 * 1024;
  /// Unread bytes of all streams together; the stream that exceeds it is reset. Half of it is what
  /// windows may grow by, the other half covers initial windows, which the protocol gives
  /// unsolicited.
  std::uint64_t receive_budget = 64 * 1024 * 1024;
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(30);
  /// A peer that is asked and stays silent for so long is dead.
  std::chrono::nanoseconds ping_timeout = std::chrono::seconds(20);
  /// Bytes by which the windows of all connections together may still grow; empty: any.
  std::function<std::size_t()> growth_allowance{};
};

/// Something that the bytes of the peer brought about.
struct Event {
  enum class Kind : std::uint8_t {
    opened,        // the peer opened the stream; accept() or reset() it
    acknowledged,  // the peer took our stream: see open_backlog_full()
    writable,      // sendable() is no longer 0
    data,          // `data`: the next bytes of the stream, lent until the input buffer changes
    finished,      // the peer sends no more; what was delivered stays readable
    reset,         // the peer reset the stream, with `code`; unread bytes are void
    dropped,       // we reset the stream: the connection's unread bytes exceed the budget
    going_away,    // the peer opens and accepts no more streams, `code` is a GoAwayCode
  };
  Kind kind;
  StreamId stream = 0;
  ByteView data{};
  std::uint32_t code = 0;
};

/// Counters for limits, metrics and tests.
struct SessionCounts {
  std::size_t streams = 0;         // all that have state, lingering ones included
  std::size_t inbound = 0;         // opened by the peer
  std::size_t unaccepted = 0;      // of these, not accepted
  std::size_t unacknowledged = 0;  // opened by us, no answer yet
  std::size_t lingering = 0;
  std::size_t control_bytes = 0;
  std::uint64_t unread_bytes = 0;
  std::uint64_t grown_bytes = 0;  // windows beyond kInitialWindow, all streams together
};

/// One `/yamux/1.0.0` connection (libp2p/specs yamux) without its I/O: it reads headers, keeps the
/// books of every stream, and writes headers. It holds no payload and knows no clock: `now` is any
/// monotonic time, the same for all calls. The states of a stream are drawn in stream_state.h.
///
/// How it is driven, by one reading loop, one writing loop and a timer, all on one thread:
///
///   reading   read bytes into a buffer; while (event = receive(input, now)) act on it, which means
///             for `data` to copy the piece into the waiting reader, or into the stream's queue.
///             Whenever a reader has taken n bytes, from either: consumed(stream, n, now).
///             receive() returns nothing only once `input` is used up; the buffer is free then.
///   writing   take from a waiting writer at most n = sendable(stream) bytes, begin_data(stream, n,
///             out, now), and write `out` and those n bytes, nothing in between, in one gathered
///             write. Several frames may go into one write, each with an `out` of its own, in the
///             order of the calls. With no writer waiting and has_control(): take_control(out,
///             now). `out` leaves in the order in which it was filled: that is what keeps SYN
///             before data and data before FIN. Let writers take turns, frame by frame.
///   timer     at next_deadline(): on_time(now), then write has_control(). No need to move the
///   timer
///             when bytes arrive.
///   waking    any call but sendable(), begin_data() and take_control() may leave has_control()
///   true;
///             wake the writing loop then.
///   opening   open(), when not open_backlog_full(); events `acknowledged`, `reset` and `dropped`
///   may
///             free a place. The SYN travels on the first frame. Whoever waits to read before it
///             has written anything calls announce() first.
///   closing   finish() after the last begin_data() of the stream: no more from us. stop_reading():
///   we
///             want no more. reset(): at once, both ways. A handle that goes away calls reset()
///             unless finish() was called, else stop_reading().
///   ending    go_away(normal) refuses new streams; existing ones go on until counts().streams is
///   0.
///             go-yamux ends the connection when it hears this, so send it when the work is done.
///             After `going_away` with a code other than normal, or any Error, write out what
///             take_control() has (a GoAway that says why) if the connection still takes it, and
///             close.
///
/// After `reset`, `dropped`, reset(), or finish() with stop_reading(), the id is no longer the
/// handle's: the peer may use its own ids again. Calls for a stream that is gone do nothing.
///
/// Errors: receive() throws Error{malformed}, {unsupported} or {limit} for a peer that broke the
/// protocol, on_time() Error{timeout} for one that is dead. The session is over then: nothing is
/// sendable, and receive() throws Error{closed}.
class Session {
 public:
  using Time = std::chrono::nanoseconds;

  Session(Role role, const SessionConfig& config, Time now);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes bytes off the front of `input` up to the next event.
  std::optional<Event> receive(ByteView& input, Time now);

  /// A new stream of ours. Throws Error{closed} when either side goes away, Error{limit} when the
  /// backlog is full or all ids of the connection are used up.
  StreamId open(Time now);
  bool open_backlog_full() const { return unacknowledged_ >= kMaxUnacknowledged; }

  /// The stream found its user and leaves the backlog. ACK travels on our first frame, at the
  /// latest with the first consumed().
  void accept(StreamId stream);
  /// Sends the SYN or ACK now that otherwise waits for a frame to travel on.
  void announce(StreamId stream);

  /// Bytes that may go into the next frame, at most kMaxPayload; 0 when the window is used up, or
  /// when the stream is finished or gone.
  std::size_t sendable(StreamId stream) const;
  /// Appends control frames that wait, and the header for `bytes` (1 to sendable()) of payload.
  void begin_data(StreamId stream, std::size_t bytes, Bytes& out, Time now);
  /// The reader has taken `bytes`; may give the peer new credit.
  void consumed(StreamId stream, std::size_t bytes, Time now);

  void finish(StreamId stream);
  void stop_reading(StreamId stream);
  void reset(StreamId stream, std::uint32_t code = 0);
  void go_away(GoAwayCode code);

  bool has_control() const { return !control_.empty(); }
  /// Appends the control frames that wait.
  void take_control(Bytes& out, Time now);

  /// How long the reading loop waits before it reads on: the peer has used up its FrameBudget.
  Time owed_pause(Time now) { return budget_.owed(now); }
  /// A stream that the peer opened was of use: it does not count against the budget.
  void forgive_open() { budget_.give_back_open(); }

  Time next_deadline() const { return keepalive_.next_deadline(); }
  void on_time(Time now);

  /// By ping; empty before the first answer.
  std::optional<Time> rtt() const { return keepalive_.rtt(); }
  bool going_away() const { return going_away_ || peer_going_away_; }
  SessionCounts counts() const;
  void bound_growth(std::function<std::size_t()> allowance) {
    config_.growth_allowance = std::move(allowance);
  }

 private:
  using Streams = std::map<StreamId, StreamState>;

  // session_receive.cpp: what the peer says
  std::optional<Event> next_pending();
  std::optional<Event> next_piece(ByteView& input);
  std::optional<Event> end_of_frame();
  bool read_header(ByteView& input);
  void on_frame(Time now);
  void on_stream_frame(Time now);
  bool on_syn(Time now);
  void check_first_frame();
  void on_unknown_stream();
  void on_reset(StreamState& stream);
  void on_data(StreamState& stream);
  void on_credit(StreamState& stream);
  void on_ping(Time now);
  void on_go_away();
  void raise(Event::Kind kind) { pending_ |= static_cast<std::uint8_t>(1U << unsigned(kind)); }
  [[noreturn]] void fail(ErrorCode code, std::string_view what);

  // session.cpp: what we do
  bool ours(StreamId id) const { return (id % 2 == 1) == (role_ == Role::client); }
  StreamState* find(StreamId id);
  const StreamState* find(StreamId id) const;
  void queue(const FrameHeader& frame);
  void leave(Bytes& out, Time now);
  void grant_credit(StreamId id, StreamState& stream, Time now);
  void drop(StreamId id, std::uint32_t code);
  void settle(StreamId id, StreamState& stream);
  void count_lingering(StreamState& stream);
  void forget(StreamId id);

  SessionConfig config_;
  Keepalive keepalive_;
  FrameBudget budget_;
  Streams streams_;
  Bytes control_;

  std::uint64_t next_id_;
  StreamId highest_inbound_ = 0;
  std::size_t inbound_ = 0;
  std::size_t unaccepted_ = 0;
  std::size_t unacknowledged_ = 0;
  std::size_t lingering_ = 0;
  std::size_t pongs_ = 0;
  std::uint64_t unread_ = 0;
  std::uint64_t grown_ = 0;

  // The frame that is being received.
  FrameHeader frame_;
  HeaderBytes header_{};
  std::uint8_t header_bytes_ = 0;
  std::uint8_t pending_ = 0;  // events that the header raised, one bit each, in order of their kind
  std::uint32_t payload_left_ = 0;
  bool live_frame_ = false;  // of a stream that was there when it began; others are drained

  Role role_;
  bool going_away_ = false;
  bool peer_going_away_ = false;
  bool over_ = false;
};

}  // namespace shoal::yamux
