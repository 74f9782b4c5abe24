#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "net/muxer/buffer_reports.h"
#include "net/muxer/muxer.h"
#include "net/muxer/pieces_left.h"
#include "net/muxer/yamux/session.h"
#include "net/muxer/yamux/write_queue.h"
#include "net/muxer/yamux/yamux_stream.h"
#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"
#include "system/timer.h"

namespace shoal::yamux {

/// The coroutines around a Session: one reads frames and hands their content to streams; another
/// one writes control frames while there are some; streams write their data themselves, taking
/// turns frame by frame. A timer keeps time. An idle connection has no coroutine but its reader.
class YamuxMuxer final : public net::Muxer {
 public:
  /// Streams of the peer that somebody here still holds, those included that have ended; a further
  /// one is reset.
  static constexpr std::size_t kMaxInboundHandles = 1280;
  /// Unread bytes of ended streams that stay readable; what exceeds it is void.
  static constexpr std::size_t kMaxKeptBytes = 16 * 1024 * 1024;
  /// Who is sent something says that there is room, and what comes next: for so many bytes sent,
  /// one byte costs nothing, up to so many.
  static constexpr std::size_t kSentForOne = 32;
  static constexpr std::size_t kMaxEarned = 64 * 1024;
  /// Frames of one stream before another one has its turn: more while they leave quickly, since on
  /// a busy node each turn waits for those of all connections; fewer while others would wait long.
  static constexpr std::size_t kFewestFramesPerTurn = 4;
  static constexpr std::size_t kMostFramesPerTurn = 16;

  YamuxMuxer(System& system, std::unique_ptr<Stream> under, Role role);
  ~YamuxMuxer() override;

  Task<void> run() override;
  std::unique_ptr<Stream> open() override;
  bool must_wait_to_open() const override { return session_.open_backlog_full(); }
  Task<void> wait_to_open() override;
  std::shared_ptr<void> hold() override;
  std::unique_ptr<Stream> take_opened() override;
  void when_opened(std::function<void()> callback) override { when_opened_ = std::move(callback); }
  void close() noexcept override;
  bool closed() const override { return closed_; }
  bool going_away() const override { return session_.going_away(); }
  std::size_t stream_count() const override { return handles_; }
  void when_idle(std::function<void()> callback) override;
  void limit_reading(net::ReadLimiter& limiter) override { read_limiter_ = &limiter; }
  void forgive_open() override { session_.forgive_open(); }
  Duration round_trip() const override;
  std::size_t buffered_bytes() const override;
  std::size_t promised_bytes() const override;
  void when_buffering(std::function<void()> callback) override {
    buffers_.when_buffering(std::move(callback));
  }
  void bound_promises(std::function<std::size_t()> allowance) override {
    session_.bound_growth(std::move(allowance));
  }

  Task<void> shutdown() override;
  /// At present.
  std::size_t frames_per_turn() const { return frames_per_turn_; }

 private:
  friend class YamuxStream;

  Session::Time now() const { return system_.clock.now().time_since_epoch(); }
  std::unique_ptr<YamuxStream> make_stream(StreamId id);
  Task<void> read_frames();
  /// Before more is read.
  Task<void> pay_for(std::size_t bytes);
  Task<void> pause_for_budget();
  Duration owed_pause();
  void act_on(const yamux::Event& event);
  void take_in(StreamId id);
  void lose(StreamId id, const std::string& reason);
  Task<void> write_control();
  Task<void> flush_control();
  /// The control frames that wait; the caller has the turn.
  Bytes take_control();
  void keep_time();

  // For streams.
  void announce(StreamId id);
  void consumed(StreamId id, std::size_t bytes);
  std::size_t sendable(StreamId id) const { return session_.sendable(id); }
  /// Waits for the connection's turn to write, then writes as many frames of `left` as the window
  /// and fairness allow.
  Task<void> write_frames(const YamuxStream& stream, net::PiecesLeft& left);
  void finish(StreamId id);
  /// Whether so many more unread bytes of streams that have ended may stay; counted if so.
  bool keep(std::size_t bytes) noexcept;
  void let_go(std::size_t bytes) noexcept;
  void reset(YamuxStream& stream) noexcept;
  void release(YamuxStream& stream) noexcept;
  void drop_handle() noexcept;

  /// A turn of that many frames took so long; `full`: it might have had more.
  void size_turn(bool full, Duration took);

  /// Hands `pieces` to the connection to their end, even when the caller is cancelled: a frame cut
  /// short would cost all streams. The caller has the turn.
  Task<void> write_whole(std::span<const ByteView> pieces);
  /// For tasks that nobody cancels before the connection has ended. False when they did not leave.
  Task<bool> write_under(std::span<const ByteView> pieces);
  struct Writing;
  Task<void> run_writing(Writing& writing);
  Task<void> close_after(Duration grace);
  bool is_live(const YamuxStream& stream) const;
  bool is_inbound(StreamId id) const { return (id % 2 == 0) == (role_ == Role::client); }
  void wake_control();

  System& system_;
  std::unique_ptr<Stream> under_;
  const Role role_;
  Session session_;
  std::map<StreamId, YamuxStream*> streams_;  // those that the session may still have news for
  std::size_t handles_ = 0;                   // all that somebody holds
  std::size_t inbound_handles_ = 0;           // of these, opened by the peer
  std::size_t kept_bytes_ = 0;                // unread, of streams that the session has forgotten
  std::list<std::unique_ptr<YamuxStream>> unaccepted_;
  shoal::Event openable_;
  WriteQueue writes_;
  std::size_t frames_per_turn_ = kFewestFramesPerTurn;
  std::size_t quick_turns_ = 0;  // in a row
  bool running_ = false;
  bool writing_control_ = false;  // by a task of its own
  bool closed_ = false;
  net::ReadLimiter* read_limiter_ = nullptr;
  std::size_t opened_ = 0;  // streams of the peer that were not paid for yet
  std::size_t earned_ = 0;  // bytes that the peer may say for what it was sent
  std::function<void()> when_opened_;
  std::function<void()> when_idle_;
  net::BufferReports buffers_;
  Timer timer_;
  TaskGroup tasks_;
};

}  // namespace shoal::yamux
