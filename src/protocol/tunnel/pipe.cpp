#include "protocol/tunnel/pipe.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/framing.h"
#include "system/join.h"

namespace shoal::tunnel {

namespace {

/// What one read takes, while few connections are open and while many are.
constexpr std::size_t kReadBytes = BufferPool::kBytes;
constexpr std::size_t kSmallReadBytes = kInitialWindow;
constexpr std::size_t kFewFlows = 64;
/// What one read of the local side takes at most. With its header that fills two frames of yamux,
/// and these two of Noise; a few bytes more would travel in a third.
constexpr std::size_t kSendBytes = 2 * 65'507 - kHeaderBytes;
static_assert(kSendBytes <= kReadBytes && kSendBytes <= kMaxPayload);
/// A read that fills less than this part of its buffer lets go of it.
constexpr std::size_t kBusyPart = 4;

/// A buffer that goes back to its pool, however its user ends.
class Borrowed {
 public:
  explicit Borrowed(BufferPool& pool) : pool_(pool) {}
  ~Borrowed() { pool_.give(std::move(bytes_)); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  bool empty() const { return bytes_.empty(); }
  void take(std::size_t bytes) { bytes_ = pool_.take(bytes); }
  void give() { pool_.give(std::exchange(bytes_, {})); }
  MutableBytes bytes() { return bytes_; }

 private:
  BufferPool& pool_;
  Bytes bytes_;
};

}  // namespace

Task<void> read_answer(Stream& stream) {
  const std::optional<Bytes> message = co_await net::read_message(stream, kMaxMessageBytes);
  if (!message) throw Error(ErrorCode::closed, "the peer ended the stream without an answer");
  const Answer answer = Answer::decode(*message);
  const auto reason = [&answer](const char* otherwise) {
    return answer.reason.empty() ? std::string(otherwise) : answer.reason;
  };
  switch (answer.status) {
    case Status::ok:
      co_return;
    case Status::refused:
      throw Error(ErrorCode::refused, reason("the peer does not let us in"));
    case Status::unreachable:
      throw Error(ErrorCode::unreachable, reason("the service does not answer"));
    case Status::busy:
      throw Error(ErrorCode::limit, reason("too many connections are open"));
  }
}

Pipe::Pipe(System& system, WindowPool& pool, std::unique_ptr<Stream> local,
           std::unique_ptr<Stream> remote, std::function<void()> heard)
    : system_(system),
      pool_(pool),
      local_(std::move(local)),
      remote_(std::move(remote)),
      heard_(std::move(heard)),
      flow_(pool),
      received_(pool.buffers()),
      changed_(system.waits),
      tasks_(system.waits, "tunnel") {}

void Pipe::abort() noexcept {
  local_->abort();
  remote_->abort();
}

Task<void> Pipe::carry(bool unanswered) {
  tasks_.spawn(attempt(send_local()));
  tasks_.spawn(attempt(receive(unanswered)));
  tasks_.spawn(attempt(deliver()));
  try {
    co_await join_or_stop(tasks_);
  } catch (...) {
    abort();
    throw;
  }
  if (!failure_) co_return;
  abort();
  std::rethrow_exception(failure_);
}

/// The first part that fails ends the others.
Task<void> Pipe::attempt(Task<void> part) {
  try {
    co_await std::move(part);
  } catch (const Error&) {
    if (!failure_) failure_ = std::current_exception();
    tasks_.cancel();
  }
}

std::size_t Pipe::read_bytes() const {
  return pool_.flows() <= kFewFlows ? kReadBytes : kSmallReadBytes;
}

Task<void> Pipe::send_local() {
  Borrowed buffer(pool_.buffers());
  while (true) {
    while (flow_.sendable() == 0) co_await changed_.wait();
    if (buffer.empty()) {
      co_await local_->wait_readable();
      buffer.take(read_bytes());
    }
    // Taken while another number of connections was open, it may be smaller than read_bytes().
    const MutableBytes whole = buffer.bytes();
    const MutableBytes room = whole.first(std::min({flow_.sendable(), whole.size(), kSendBytes}));
    const std::size_t got = co_await local_->read_some(room);
    if (got == 0) break;
    const Header header = flow_.begin_data(got);
    co_await write(header, room.first(got));
    traffic_.to_peer += got;
    // One that has nothing to say for a while holds no memory.
    if (got < room.size() / kBusyPart) buffer.give();
  }
  buffer.give();
  const Header header = flow_.finish();
  co_await write(header, {});
  sent_all_ = true;
  changed_.notify_all();
  co_await end_when_done();
}

Task<void> Pipe::receive(bool unanswered) {
  if (unanswered) co_await read_answer(*remote_);
  heard_();
  co_await read_frames();
}

Task<void> Pipe::read_frames() {
  bool busy = false;
  while (true) {
    if (!busy) {
      received_.release_buffer();
      co_await remote_->wait_readable();
    }
    const MutableBytes space = received_.space(read_bytes());
    const std::size_t got = co_await remote_->read_some(space);
    if (got == 0) break;
    heard_();
    flow_.receive(space.first(got), [this](ByteView piece) { received_.add(piece); });
    changed_.notify_all();
    busy = got >= space.size() / kBusyPart;
  }
  // The peer ends the stream when it needs nothing more from here.
  if (!flow_.peer_finished() || !flow_.between_frames() || !flow_.finished()) {
    throw Error(ErrorCode::closed, "the peer ended the stream too early");
  }
}

Task<void> Pipe::deliver() {
  co_await send_credit();
  while (true) {
    while (received_.bytes() == 0 && !flow_.peer_finished()) co_await changed_.wait();
    if (received_.bytes() == 0) break;
    co_await deliver_some();
    co_await send_credit();
  }
  co_await local_->close_write();
  delivered_all_ = true;
  co_await end_when_done();
}

Task<void> Pipe::deliver_some() {
  const std::vector<ByteView> pieces = received_.gather();
  std::size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  co_await local_->write(pieces);
  traffic_.from_peer += bytes;
  received_.drop(bytes);
  flow_.consumed(bytes);
}

Task<void> Pipe::send_credit() {
  if (flow_.owed_credit() == 0) co_return;
  const Header header = flow_.give_credit();
  co_await write(header, {});
}

/// Two tasks write to the stream, one at a time, each a whole frame.
Task<void> Pipe::write(Header header, ByteView payload) {
  while (writing_) co_await changed_.wait();
  writing_ = true;
  const std::array<ByteView, 2> pieces = {header, payload};
  co_await remote_->write(std::span(pieces).first(payload.empty() ? 1 : 2));
  writing_ = false;
  changed_.notify_all();
}

/// Only then: until its end the peer may need credit from here.
Task<void> Pipe::end_when_done() {
  if (sent_all_ && delivered_all_) co_await remote_->close_write();
}

}  // namespace shoal::tunnel
