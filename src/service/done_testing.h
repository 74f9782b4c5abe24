#pragma once

#include <algorithm>
#include <utility>

#include "system/network.h"

namespace shoal::service::testing {

/// A stream in memory: reads what it was given, keeps what is written.
class MemoryStream final : public Stream {
 public:
  explicit MemoryStream(Bytes input) : input_(std::move(input)) {}

  Task<std::size_t> read_some(MutableBytes into) override {
    const std::size_t count = std::min(into.size(), input_.size() - taken_);
    std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    co_return count;
  }
  Task<void> write(std::span<const ByteView> pieces) override {
    for (const ByteView piece : pieces) append(written, piece);
    co_return;
  }
  Task<void> close_write() override {
    closed = true;
    co_return;
  }
  void abort() noexcept override {}

  Bytes written;
  bool closed = false;

 private:
  Bytes input_;
  std::size_t taken_ = 0;
};

}  // namespace shoal::service::testing
