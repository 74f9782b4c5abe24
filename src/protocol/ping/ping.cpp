#include "protocol/ping/ping.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::ping {

namespace {

constexpr Duration kIdleTimeout = 60s;

/// False when the other side has closed.
Task<bool> echo_one(Stream& stream) {
  std::array<std::uint8_t, kPayloadBytes> payload{};
  const std::size_t first = co_await stream.read_some(payload);
  if (first == 0) co_return false;
  co_await read_exactly(stream, MutableBytes(payload).subspan(first));
  co_await write_all(stream, payload);
  co_return true;
}

Task<void> answer(System& system, net::ProtocolStream stream) {
  bool open = true;
  while (open) {
    open = co_await within(system.clock, kIdleTimeout, echo_one(*stream.stream), "ping");
  }
  co_await stream.stream->close_write();
}

}  // namespace

void serve(System& system, net::Swarm& swarm) {
  swarm.protocols().add(kProtocol, [&system](net::ProtocolStream stream) {
    return answer(system, std::move(stream));
  });
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
