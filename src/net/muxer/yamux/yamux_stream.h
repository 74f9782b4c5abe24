#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/muxer/stream_queue.h"
#include "net/muxer/yamux/session.h"
#include "system/event.h"
#include "system/network.h"

namespace shoal::yamux {

class YamuxMuxer;

/// What the user of one stream holds. Bytes that arrive go straight into the buffer of a reader
/// that waits, else into the queue; bytes to write stay where they are until their frame leaves.
class YamuxStream final : public Stream {
 public:
  YamuxStream(YamuxMuxer& muxer, StreamId id);
  ~YamuxStream() override;

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override;

  StreamId id() const { return id_; }
  bool write_finished() const { return write_finished_; }
  bool failed() const { return failed_; }

  // Called by the muxer.
  void deliver(ByteView data);
  void finish_reading();
  void allow_writing() { writable_.notify_all(); }
  void fail(const std::string& reason);

 private:
  [[noreturn]] void throw_failure() const;
  std::size_t take_queued(MutableBytes into);
  void drop_kept();

  YamuxMuxer& muxer_;
  const StreamId id_;
  net::StreamQueue queue_;
  MutableBytes wanted_;     // the rest of the buffer of a reader that waits
  std::size_t filled_ = 0;  // of that buffer
  bool read_finished_ = false;
  bool write_finished_ = false;
  bool announced_ = false;
  bool failed_ = false;
  std::string reason_;
  shoal::Event readable_;
  shoal::Event writable_;
};

}  // namespace shoal::yamux
