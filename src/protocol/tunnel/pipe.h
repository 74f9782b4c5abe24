#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "protocol/tunnel/flow.h"
#include "protocol/tunnel/message.h"
#include "protocol/tunnel/received.h"
#include "system/event.h"
#include "system/network.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::tunnel {

/// Bytes of content that went through one connection of a tunnel.
struct Traffic {
  std::uint64_t from_peer = 0;
  std::uint64_t to_peer = 0;
};

/// Carries one connection between a local stream and a stream of the tunnel, in both directions
/// until both have ended: an end of one direction is handed on while the other goes on, a break of
/// either stream breaks the other. Holds at most a window of what the local side has not taken.
class Pipe {
 public:
  /// Borrows all but the streams for its life. `heard` is called whenever the peer has said
  /// something; it must not wait.
  Pipe(
      System& system, WindowPool& pool, std::unique_ptr<Stream> local,
      std::unique_ptr<Stream> remote, std::function<void()> heard = [] {});

  /// To the end. Throws Error{closed} when either side broke, and {malformed} for what the peer may
  /// not send; both streams are aborted then.
  Task<void> run() { return carry(false); }
  /// The same for the connector, whose Open was written and not answered. Throws Error{refused},
  /// {unreachable}, {limit} as the peer's Answer says, in its words.
  Task<void> run_unanswered() { return carry(true); }

  const Traffic& traffic() const { return traffic_; }
  void abort() noexcept;

 private:
  Task<void> carry(bool unanswered);
  Task<void> attempt(Task<void> part);
  Task<void> send_local();
  Task<void> receive(bool unanswered);
  Task<void> read_frames();
  Task<void> deliver();
  Task<void> deliver_some();
  Task<void> send_credit();
  Task<void> write(Header header, ByteView payload);
  Task<void> end_when_done();
  std::size_t read_bytes() const;

  System& system_;
  WindowPool& pool_;
  const std::unique_ptr<Stream> local_;
  const std::unique_ptr<Stream> remote_;
  const std::function<void()> heard_;
  Flow flow_;
  Received received_;
  Traffic traffic_;
  Event changed_;
  bool writing_ = false;
  bool sent_all_ = false;
  bool delivered_all_ = false;
  std::exception_ptr failure_;
  TaskGroup tasks_;
};

/// The peer's Answer. Throws as Pipe::run_unanswered(), and Error{closed} when there is none.
Task<void> read_answer(Stream& stream);

}  // namespace shoal::tunnel
