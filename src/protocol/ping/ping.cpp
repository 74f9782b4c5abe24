#include "protocol/ping/ping.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::ping {

namespace {

constexpr Duration kIdleTimeout = 60s;

/// Whole payloads go back as they come; those that come together go back together.
class Echo {
 public:
  explicit Echo(Stream& stream) : stream_(stream) {}

  /// False when the other side has closed.
  Task<bool> next() {
    const std::size_t got = co_await stream_.read_some(MutableBytes(buffer_).subspan(held_));
    if (got == 0 && held_ > 0) throw Error(ErrorCode::closed, "the stream ended within a ping");
    if (got == 0) co_return false;
    held_ += got;
    const std::size_t whole = held_ - held_ % kPayloadBytes;
    if (whole > 0) co_await write_all(stream_, ByteView(buffer_).first(whole));
    std::copy(buffer_.begin() + whole, buffer_.begin() + held_, buffer_.begin());
    held_ -= whole;
    co_return true;
  }

 private:
  Stream& stream_;
  std::array<std::uint8_t, kMaxPayloadsAtOnce * kPayloadBytes> buffer_{};
  std::size_t held_ = 0;
};

Task<void> answer(System& system, net::ProtocolStream stream) {
  Echo echo(*stream.stream);
  bool open = true;
  while (open) open = co_await within(system.clock, kIdleTimeout, echo.next(), "ping");
  co_await stream.stream->close_write();
}

}  // namespace

void serve(System& system, net::Swarm& swarm) {
  swarm.protocols().add(
      kProtocol,
      [&system](net::ProtocolStream stream) { return answer(system, std::move(stream)); },
      net::Replay::harmless);
}

Task<void> Pinger::open(PeerId peer) {
  net::ProtocolStream opened = co_await swarm_.open(std::move(peer), {kProtocol});
  stream_ = std::move(opened.stream);
}

Task<Duration> Pinger::ping(Duration timeout) {
  SHOAL_CHECK(stream_ != nullptr);
  const TimePoint start = system_.clock.now();
  co_await within(system_.clock, timeout, exchange(system_.random.bytes(kPayloadBytes)), "ping");
  co_return system_.clock.now() - start;
}

Task<void> Pinger::exchange(Bytes payload) {
  co_await write_all(*stream_, payload);
  std::array<std::uint8_t, kPayloadBytes> back{};
  co_await read_exactly(*stream_, back);
  if (!equal(payload, back)) throw Error(ErrorCode::corrupt, "the peer sent back other bytes");
}

}  // namespace shoal::ping
