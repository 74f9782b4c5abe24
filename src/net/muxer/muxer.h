#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "system/network.h"
#include "system/task.h"
#include "system/time.h"

namespace shoal::net {

/// What reading costs: see net/resources/ingress_limiter.h.
class ReadLimiter {
 public:
  virtual ~ReadLimiter() = default;
  /// Returns when more may be read after `bytes` were, which opened so many `streams`. One caller
  /// at a time. Cancellable.
  virtual Task<void> pay(std::size_t bytes, std::size_t streams) = 0;
  /// Whether reading costs nothing at present.
  virtual bool waived() const = 0;
  /// Nothing more will be read: pay() returns at once, also one that waits.
  virtual void leave() noexcept = 0;
};

/// Many streams over one secured connection.
///
/// Lifetime: a stream borrows its muxer. The owner of a muxer calls close(), waits until
/// stream_count() is 0 (closing makes every call on every stream throw Error{closed}, so their
/// users let go), and only then destroys it.
class Muxer {
 public:
  virtual ~Muxer() = default;

  /// Drives the connection until it ends: to be spawned once, by the owner. Returns after an
  /// orderly end; throws Error{closed} when the connection broke, Error{malformed} or {limit} when
  /// the other side broke the protocol. After it ended, by whatever cause, the muxer is closed.
  virtual Task<void> run() = 0;

  /// Whether the other side has shown that it is there now. Until then it may be gone, and what
  /// comes from it may be what it said once, played back by somebody: see DialAs::early.
  virtual bool proven() const { return true; }
  /// Throws when the connection ends before. Cancellable.
  virtual Task<void> wait_until_proven() { co_return; }

  /// A new stream; costs no round trip. Throws Error{closed}, or Error{limit} when too many are
  /// open.
  virtual std::unique_ptr<Stream> open() = 0;
  /// Whether open() would find too many that the other side has not answered yet.
  virtual bool must_wait_to_open() const = 0;
  /// Returns when that is no longer so, or the muxer has closed. Cancellable.
  virtual Task<void> wait_to_open() = 0;
  /// Counts as a stream while it is held.
  virtual std::shared_ptr<void> hold() = 0;

  /// The next stream that the other side has opened; null when none waits.
  virtual std::unique_ptr<Stream> take_opened() = 0;
  /// Called when one waits. Must not wait, and not close the muxer.
  virtual void when_opened(std::function<void()> callback) = 0;

  /// Says farewell: all that was written before still arrives, and the other side is expected to
  /// end the connection. The caller bounds the time, then calls close().
  virtual Task<void> shutdown() = 0;

  /// Ends the connection at once. Idempotent.
  virtual void close() noexcept = 0;
  virtual bool closed() const = 0;
  /// One of both sides has said farewell: no stream can be opened any more.
  virtual bool going_away() const = 0;

  /// Streams that somebody still holds, in both directions.
  virtual std::size_t stream_count() const = 0;
  /// Called in a step of its own when stream_count() falls to 0.
  virtual void when_idle(std::function<void()> callback) = 0;

  /// Pays before it reads on, from now on. Borrowed for the muxer's life.
  virtual void limit_reading(ReadLimiter& limiter) = 0;
  /// A stream that the other side opened ended as it should: opening it costs nothing.
  virtual void forgive_open() = 0;

  /// The last round trip measured; zero before the first.
  virtual Duration round_trip() const = 0;
  /// Bytes that the other side sent and nobody has read.
  virtual std::size_t buffered_bytes() const = 0;
  /// What windows let the other side send beyond the first, unsolicited one.
  virtual std::size_t promised_bytes() const = 0;
  /// Called when either has changed by kReportBytes since the last call. Must not wait, and not
  /// close the muxer.
  virtual void when_buffering(std::function<void()> callback) = 0;
  static constexpr std::size_t kReportBytes = 64 * 1024;
  /// Windows grow by no more than `allowance` says that all muxers together may grow.
  virtual void bound_promises(std::function<std::size_t()> allowance) = 0;
};

}  // namespace shoal::net
