#pragma once

#include <memory>
#include <utility>

#include "net/resources/ingress_limiter.h"
#include "system/network.h"

namespace shoal::relay {

/// A circuit's stream on the connection to its relay. What comes by it is charged to the peer at
/// the other end, by the connection that is made of it, and not to the relay as well.
class RelayedStream final : public Stream {
 public:
  RelayedStream(std::unique_ptr<Stream> under, net::IngressLimiter::Solicited expected)
      : under_(std::move(under)), expected_(std::move(expected)) {}

  Task<std::size_t> read_some(MutableBytes into) override { return under_->read_some(into); }
  Task<void> wait_readable() override { return under_->wait_readable(); }
  Task<void> write(std::span<const ByteView> pieces) override { return under_->write(pieces); }
  Task<void> close_write() override { return under_->close_write(); }
  void abort() noexcept override { under_->abort(); }
  std::size_t take_overhead_bytes() noexcept override { return under_->take_overhead_bytes(); }

 private:
  std::unique_ptr<Stream> under_;
  net::IngressLimiter::Solicited expected_;
};

}  // namespace shoal::relay
