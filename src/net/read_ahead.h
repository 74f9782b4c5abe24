#pragma once

#include <memory>

#include "system/network.h"

namespace shoal::net {

/// Reads a stream in larger pieces than asked for, for the small messages at a connection's start.
/// Reads at least as large as its buffer go straight through once the buffer is empty.
class ReadAhead final : public Stream {
 public:
  static constexpr std::size_t kBufferBytes = 2048;

  explicit ReadAhead(std::unique_ptr<Stream> under) : under_(std::move(under)) {}

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> wait_readable() override;
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override;
  void abort() noexcept override { under_->abort(); }

 private:
  void free_buffer();

  std::unique_ptr<Stream> under_;
  Bytes buffer_;  // freed when it has been read to its end and a wait or a large read follows
  std::size_t taken_ = 0;
};

}  // namespace shoal::net
