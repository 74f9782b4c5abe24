#pragma once

#include <memory>

#include "system/network.h"
#include "system/rate_limit.h"

namespace shoal::net {

/// The two limits of a node, shared by all its connections.
struct Bandwidth {
  RateLimit& up;
  RateLimit& down;
};

/// A host's connection, counted against the node's limits and in its figures, every byte of it.
class LimitedStream final : public Stream {
 public:
  LimitedStream(std::unique_ptr<Stream> under, Bandwidth bandwidth)
      : under_(std::move(under)), bandwidth_(bandwidth) {}

  Task<std::size_t> read_some(MutableBytes into) override;
  Task<void> wait_readable() override { return under_->wait_readable(); }
  Task<void> write(std::span<const ByteView> pieces) override;
  Task<void> close_write() override { return under_->close_write(); }
  void abort() noexcept override { under_->abort(); }

 private:
  Task<void> write_in_turn(std::span<const ByteView> pieces, std::size_t total);

  std::unique_ptr<Stream> under_;
  Bandwidth bandwidth_;
};

}  // namespace shoal::net
