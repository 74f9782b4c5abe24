#pragma once

#include <memory>
#include <string>

#include "net/muxer/stream_queue.h"
#include "net/transport/quic/stream_state.h"
#include "system/event.h"
#include "system/network.h"

namespace shoal::quic {

class QuicMuxer;

/// What the user of one stream holds. Bytes that arrive go straight into the buffer of a reader
/// that waits, else into the queue.
class QuicStream final : public Stream {
 public:
  QuicStream(QuicMuxer& muxer, StreamState& state);
  ~QuicStream() override;

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override;

  // Called by the muxer.
  void deliver(ByteView data, bool end);
  void allow_writing() { writable_.notify_all(); }
  void fail_reading(const std::string& reason);
  void fail_writing(const std::string& reason);

 private:
  std::size_t take_queued(MutableBytes into);
  std::size_t count_filled();

  QuicMuxer& muxer_;
  StreamState& state_;
  net::StreamQueue queue_;
  MutableBytes wanted_;     // the rest of the buffer of a reader that waits
  std::size_t filled_ = 0;  // of that buffer, and not yet made known to the muxer
  bool read_finished_ = false;
  std::string read_failure_;  // empty: none
  std::string write_failure_;
  shoal::Event readable_;
  shoal::Event writable_;
};

}  // namespace shoal::quic
