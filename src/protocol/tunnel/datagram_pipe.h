#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "protocol/tunnel/datagrams.h"
#include "protocol/tunnel/pipe.h"
#include "system/event.h"
#include "system/network.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::tunnel {

/// Carries the datagrams between one local sender and a stream of the tunnel, until neither side
/// has sent one for kIdleTimeout, or the peer ends the stream. What comes faster than the stream
/// takes it is dropped; see DatagramQueue.
class DatagramPipe {
 public:
  /// As NATs hold a mapping (RFC 4787 asks for two minutes and more).
  static constexpr Duration kIdleTimeout = 120s;

  /// Borrows the system for its life. `to_local` gets each datagram of the peer, `heard` is called
  /// whenever the peer has said something; they must not wait.
  DatagramPipe(
      System& system, std::function<void(ByteView)> to_local, std::function<void()> heard = [] {});

  /// One from the local sender, which may come before run(). False: it was dropped.
  bool push(ByteView datagram);

  /// To the end. Throws Error{closed} when the stream broke, {malformed} for what the peer may not
  /// send.
  Task<void> run(std::unique_ptr<Stream> remote) { return carry(std::move(remote), false); }
  /// The same for the connector, whose Open was not answered yet; see Pipe::run_unanswered().
  Task<void> run_unanswered(std::unique_ptr<Stream> remote) {
    return carry(std::move(remote), true);
  }

  const Traffic& traffic() const { return traffic_; }
  /// Datagrams of the local sender that were dropped.
  std::uint64_t dropped() const { return dropped_; }
  TimePoint last_used() const { return last_used_; }
  /// Ends run() soon.
  void end();

 private:
  Task<void> carry(std::unique_ptr<Stream> remote, bool unanswered);
  Task<void> attempt(Task<void> part);
  Task<void> send();
  Task<void> receive(bool unanswered);
  Task<void> watch();
  void note_use() { last_used_ = system_.clock.now(); }

  System& system_;
  const std::function<void(ByteView)> to_local_;
  const std::function<void()> heard_;
  std::unique_ptr<Stream> remote_;
  DatagramQueue queue_;
  DatagramReader reader_;
  Traffic traffic_;
  std::uint64_t dropped_ = 0;
  TimePoint last_used_;
  bool ended_ = false;
  bool writing_ = false;
  Event changed_;
  Event ending_;
  std::exception_ptr failure_;
  TaskGroup tasks_;
};

}  // namespace shoal::tunnel
