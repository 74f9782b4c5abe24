#include "protocol/tunnel/datagram_pipe.h"

#include <utility>

#include "base/error.h"
#include "system/join.h"

namespace shoal::tunnel {

namespace {

constexpr std::size_t kDatagramReadBytes = 16 * 1024;

}  // namespace

DatagramPipe::DatagramPipe(System& system, std::function<void(ByteView)> to_local,
                           std::function<void()> heard)
    : system_(system),
      to_local_(std::move(to_local)),
      heard_(std::move(heard)),
      last_used_(system.clock.now()),
      changed_(system.waits),
      ending_(system.waits),
      tasks_(system.waits, "tunnel") {}

bool DatagramPipe::push(ByteView datagram) {
  note_use();
  if (!queue_.push(datagram)) {
    ++dropped_;
    return false;
  }
  traffic_.to_peer += datagram.size();
  changed_.notify_all();
  return true;
}

void DatagramPipe::end() {
  ended_ = true;
  ending_.notify_all();
}

Task<void> DatagramPipe::carry(std::unique_ptr<Stream> remote, bool unanswered) {
  remote_ = std::move(remote);
  tasks_.spawn(attempt(send()));
  tasks_.spawn(attempt(receive(unanswered)));
  tasks_.spawn(attempt(watch()));
  co_await join_or_stop(tasks_);
  if (failure_ || writing_) remote_->abort();
  if (failure_) std::rethrow_exception(failure_);
  if (!writing_) co_await remote_->close_write();
}

/// The first part that ends, however it does, ends the others.
Task<void> DatagramPipe::attempt(Task<void> part) {
  try {
    co_await std::move(part);
  } catch (const Error&) {
    if (!failure_) failure_ = std::current_exception();
  }
  tasks_.cancel();
}

Task<void> DatagramPipe::send() {
  while (true) {
    while (queue_.empty()) co_await changed_.wait();
    const Bytes framed = queue_.take();
    writing_ = true;
    co_await write_all(*remote_, framed);
    writing_ = false;
  }
}

Task<void> DatagramPipe::receive(bool unanswered) {
  if (unanswered) co_await read_answer(*remote_);
  heard_();
  Bytes buffer;
  while (true) {
    if (buffer.empty()) {
      co_await remote_->wait_readable();
      buffer.resize(kDatagramReadBytes);
    }
    const std::size_t got = co_await remote_->read_some(buffer);
    if (got == 0) co_return;
    heard_();
    note_use();
    reader_.receive(ByteView(buffer).first(got), [this](ByteView datagram) {
      traffic_.from_peer += datagram.size();
      to_local_(datagram);
    });
    if (got < buffer.size()) buffer = Bytes();
  }
}

Task<void> DatagramPipe::watch() {
  while (!ended_ && system_.clock.now() < last_used_ + kIdleTimeout) {
    co_await ending_.wait_until(system_.clock, last_used_ + kIdleTimeout);
  }
}

}  // namespace shoal::tunnel
