#include "net/muxer/yamux/yamux_muxer.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "system/timeout.h"
#include "system/yield.h"

namespace shoal::yamux {

namespace {

// What a read takes after an idle time, and what makes reading worth its calls.
constexpr std::size_t kSmallReadBytes = 2 * 1024;
constexpr std::size_t kLargeReadBytes = 128 * 1024;
// After so much the readers have their turn: what comes while none of them waits is copied twice.
constexpr std::size_t kTurnBytes = 32 * 1024;
constexpr Duration kPauseStep = 100ms;
constexpr Duration kFarewellTimeout = 500ms;

}  // namespace

YamuxMuxer::YamuxMuxer(System& system, std::unique_ptr<Stream> under, Role role)
    : system_(system),
      under_(std::move(under)),
      role_(role),
      session_(role, SessionConfig{}, system.clock.now().time_since_epoch()),
      openable_(system.waits),
      writes_(system.waits),
      timer_(system.clock, [this] { keep_time(); }),
      tasks_(system.waits, "yamux") {}

YamuxMuxer::~YamuxMuxer() {
  close();
  SHOAL_CHECK(handles_ == 0);
}

Task<void> YamuxMuxer::run() {
  running_ = true;
  if (!closed_) timer_.set(TimePoint(session_.next_deadline()));
  wake_control();
  std::exception_ptr failure;
  try {
    co_await read_frames();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure && session_.has_control() && !closed_) {
    tasks_.spawn(close_after(kFarewellTimeout));
    try {
      co_await flush_control();
    } catch (const std::exception&) {
      // The connection ends all the same.
    }
  }
  close();
  co_await tasks_.stop();
  if (failure) std::rethrow_exception(failure);
}

Task<void> YamuxMuxer::read_frames() {
  Bytes buffer;
  while (!closed_) {
    if (buffer.empty()) {
      co_await under_->wait_readable();
      buffer.resize(kSmallReadBytes);
    }
    const std::size_t got = co_await under_->read_some(buffer);
    if (got == 0) co_return;
    ByteView input = ByteView(buffer).first(got);
    while (const auto event = session_.receive(input, now())) act_on(*event);
    wake_control();
    buffers_.report(*this);
    co_await pay_for(got + under_->take_overhead_bytes());
    if (got >= kTurnBytes) co_await yield_now(system_.waits);
    if (got == buffer.size()) {
      buffer.resize(kLargeReadBytes);
    } else if (got < kSmallReadBytes) {
      buffer = Bytes();
    }
  }
}

Task<void> YamuxMuxer::pay_for(std::size_t bytes) {
  if (owed_pause() > Duration::zero()) co_await pause_for_budget();
  const std::size_t opened = std::exchange(opened_, 0);
  const std::size_t paid = std::min(bytes, earned_);
  earned_ -= paid;
  bytes -= paid;
  if (read_limiter_ != nullptr && !closed_) co_await read_limiter_->pay(bytes, opened);
}

Duration YamuxMuxer::owed_pause() {
  const bool waived = read_limiter_ != nullptr && read_limiter_->waived();
  return closed_ || waived ? Duration::zero() : session_.owed_pause(now());
}

/// In steps, so that the end of the connection is not held up.
Task<void> YamuxMuxer::pause_for_budget() {
  for (Duration pause = owed_pause(); pause > Duration::zero(); pause = owed_pause()) {
    co_await system_.clock.sleep_for(std::min<Duration>(pause, kPauseStep));
  }
}

void YamuxMuxer::act_on(const yamux::Event& event) {
  using Kind = yamux::Event::Kind;
  const auto found = streams_.find(event.stream);
  YamuxStream* stream = found == streams_.end() ? nullptr : found->second;
  switch (event.kind) {
    case Kind::opened:
      take_in(event.stream);
      break;
    case Kind::acknowledged:
      openable_.notify_all();
      break;
    case Kind::writable:
      if (stream != nullptr) stream->allow_writing();
      break;
    case Kind::data:
      if (stream != nullptr) stream->deliver(event.data);
      break;
    case Kind::finished:
      if (stream != nullptr) stream->finish_reading();
      break;
    case Kind::reset:
      lose(event.stream, "the peer reset the stream");
      break;
    case Kind::dropped:
      lose(event.stream, "too many unread bytes on this connection");
      break;
    case Kind::going_away:
      if (event.code != 0) throw Error(ErrorCode::closed, "the peer ended the connection");
      break;
  }
}

/// The session counts the streams that the peer has open; a peer that resets each one right away
/// has none, while we may still be busy with all of them.
void YamuxMuxer::take_in(StreamId id) {
  ++opened_;
  if (inbound_handles_ >= kMaxInboundHandles) return session_.reset(id);
  unaccepted_.push_back(make_stream(id));
  if (when_opened_) when_opened_();
}

void YamuxMuxer::lose(StreamId id, const std::string& reason) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  YamuxStream* stream = found->second;
  streams_.erase(found);
  openable_.notify_all();
  stream->fail(reason);
  std::erase_if(unaccepted_, [id](const auto& waiting) { return waiting->id() == id; });
}

std::unique_ptr<YamuxStream> YamuxMuxer::make_stream(StreamId id) {
  auto stream = std::make_unique<YamuxStream>(*this, id);
  YamuxStream*& place = streams_[id];
  // The peer may use an id again that both sides are done with while the old stream is still held.
  if (place != nullptr) place->fail("the stream has ended");
  place = stream.get();
  ++handles_;
  if (is_inbound(id)) ++inbound_handles_;
  return stream;
}

std::unique_ptr<Stream> YamuxMuxer::open() {
  if (closed_) throw Error(ErrorCode::closed, "the connection has ended");
  return make_stream(session_.open(now()));
}

Task<void> YamuxMuxer::wait_to_open() {
  while (!closed_ && must_wait_to_open()) co_await openable_.wait();
}

std::shared_ptr<void> YamuxMuxer::hold() {
  ++handles_;
  return {this, [](YamuxMuxer* held) { held->drop_handle(); }};
}

std::unique_ptr<Stream> YamuxMuxer::take_opened() {
  if (unaccepted_.empty()) return nullptr;
  std::unique_ptr<YamuxStream> stream = std::move(unaccepted_.front());
  unaccepted_.pop_front();
  session_.accept(stream->id());
  return stream;
}

void YamuxMuxer::wake_control() {
  if (!session_.has_control() || !running_ || closed_) return;
  if (!std::exchange(writing_control_, true)) tasks_.spawn(write_control());
}

void YamuxMuxer::keep_time() {
  try {
    session_.on_time(now());
  } catch (const Error& error) {
    log_debug("yamux: {}", error.what());
    return close();
  }
  wake_control();
  timer_.set(TimePoint(session_.next_deadline()));
}

Task<void> YamuxMuxer::shutdown() {
  if (closed_) co_return;
  session_.go_away(GoAwayCode::normal);
  co_await flush_control();
  co_await under_->close_write();
}

void YamuxMuxer::close() noexcept {
  if (closed_) return;
  closed_ = true;
  under_->abort();
  if (read_limiter_ != nullptr) read_limiter_->leave();
  const auto streams = std::exchange(streams_, {});
  for (const auto& [id, stream] : streams) stream->fail("the connection has ended");
  unaccepted_.clear();
  openable_.notify_all();
  timer_.stop();
  writes_.close();
}

void YamuxMuxer::announce(StreamId id) {
  session_.announce(id);
  wake_control();
}

void YamuxMuxer::consumed(StreamId id, std::size_t bytes) {
  session_.consumed(id, bytes, now());
  wake_control();
  buffers_.report(*this);
}

void YamuxMuxer::finish(StreamId id) {
  session_.finish(id);
  wake_control();
}

bool YamuxMuxer::is_live(const YamuxStream& stream) const {
  const auto found = streams_.find(stream.id());
  return found != streams_.end() && found->second == &stream;
}

bool YamuxMuxer::keep(std::size_t bytes) noexcept {
  if (bytes > kMaxKeptBytes - kept_bytes_) return false;
  kept_bytes_ += bytes;
  return true;
}

void YamuxMuxer::reset(YamuxStream& stream) noexcept {
  if (!is_live(stream)) return;
  streams_.erase(stream.id());
  session_.reset(stream.id());
  openable_.notify_all();
  wake_control();
}

void YamuxMuxer::release(YamuxStream& stream) noexcept {
  if (is_live(stream)) {
    streams_.erase(stream.id());
    if (stream.write_finished()) {
      session_.stop_reading(stream.id());
    } else {
      session_.reset(stream.id());
    }
    openable_.notify_all();
    wake_control();
  }
  if (is_inbound(stream.id())) --inbound_handles_;
  buffers_.report(*this);
  drop_handle();
}

void YamuxMuxer::drop_handle() noexcept {
  if (--handles_ > 0 || !when_idle_) return;
  boost::asio::post(system_.executor(), std::exchange(when_idle_, nullptr));
}

void YamuxMuxer::when_idle(std::function<void()> callback) {
  when_idle_ = std::move(callback);
}

Duration YamuxMuxer::round_trip() const {
  return session_.rtt().value_or(Duration::zero());
}

std::size_t YamuxMuxer::buffered_bytes() const {
  const SessionCounts counts = session_.counts();
  return static_cast<std::size_t>(counts.unread_bytes) + kept_bytes_;
}

std::size_t YamuxMuxer::promised_bytes() const {
  return static_cast<std::size_t>(session_.counts().grown_bytes);
}

void YamuxMuxer::let_go(std::size_t bytes) noexcept {
  kept_bytes_ -= bytes;
  buffers_.report(*this);
}

}  // namespace shoal::yamux
