#include "interop/shoal/echo.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "system/task_group.h"

namespace shoal::interop {

namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;

/// What stream `number` carries: reproducible, and different for each.
class Pattern {
 public:
  Pattern(std::size_t number, std::uint64_t size)
      : state_(0x9e3779b97f4a7c15 ^ (number + 1)), left_(size) {}

  std::uint64_t left() const { return left_; }

  ByteView next(MutableBytes into) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, into.size()));
    left_ -= size;
    for (std::size_t at = 0; at + sizeof state_ <= into.size(); at += sizeof state_) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      std::memcpy(into.data() + at, &state_, sizeof state_);
    }
    return into.first(size);
  }

 private:
  std::uint64_t state_;
  std::uint64_t left_;
};

/// One stream, and what went wrong on it.
struct Exchange {
  std::unique_ptr<Stream> stream;
  std::size_t number;
  std::uint64_t bytes;
  std::string failure = {};

  void fail(const std::string& reason) {
    if (failure.empty()) failure = "stream " + std::to_string(number) + " " + reason;
  }
};

Task<void> send(Exchange& exchange) {
  Pattern source(exchange.number, exchange.bytes);
  Bytes buffer(kChunkBytes);
  try {
    while (source.left() > 0) co_await write_all(*exchange.stream, source.next(buffer));
    co_await exchange.stream->close_write();
  } catch (const Error& error) {
    exchange.fail(std::string("takes no more: ") + error.what());
  }
}

Task<void> compare(Exchange& exchange) {
  Pattern expected(exchange.number, exchange.bytes);
  Bytes have(kChunkBytes);
  Bytes want(kChunkBytes);
  while (expected.left() > 0) {
    const ByteView piece = expected.next(want);
    const MutableBytes got = MutableBytes(have).first(piece.size());
    co_await read_exactly(*exchange.stream, got);
    if (!std::ranges::equal(got, piece)) throw Error(ErrorCode::corrupt, "brings other bytes back");
  }
  const std::size_t more = co_await exchange.stream->read_some(have);
  if (more > 0) throw Error(ErrorCode::malformed, "does not end");
}

Task<void> receive(Exchange& exchange) {
  try {
    co_await compare(exchange);
  } catch (const Error& error) {
    exchange.fail(error.what());
  }
}

}  // namespace

Task<void> serve_echo(net::Swarm& swarm, net::ProtocolStream stream, Served& served) {
  const net::IngressLimiter::Solicited expected = swarm.solicit(stream.peer);
  Bytes buffer(kChunkBytes);
  try {
    while (true) {
      const std::size_t got = co_await stream.stream->read_some(buffer);
      if (got == 0) break;
      co_await write_all(*stream.stream, ByteView(buffer).first(got));
      served.bytes += got;
    }
    co_await stream.stream->close_write();
    ++served.whole;
  } catch (const Error&) {
    ++served.broken;
    throw;
  }
}

Task<void> serve_nothing(net::ProtocolStream stream) {
  Bytes buffer(kChunkBytes);
  std::size_t got = 1;
  while (got > 0) got = co_await stream.stream->read_some(buffer);
  co_await stream.stream->close_write();
}

Task<void> echo(System& system, net::Swarm& swarm, PeerId peer, std::size_t streams,
                std::uint64_t bytes) {
  const net::IngressLimiter::Solicited expected = swarm.solicit(peer);
  std::vector<Exchange> exchanges;
  exchanges.reserve(streams);
  while (exchanges.size() < streams) {
    net::ProtocolStream opened = co_await swarm.open(peer, {kEchoProtocol});
    exchanges.push_back(
        {.stream = std::move(opened.stream), .number = exchanges.size(), .bytes = bytes});
  }
  TaskGroup tasks(system.waits, "echo");
  for (Exchange& exchange : exchanges) {
    tasks.spawn(send(exchange));
    tasks.spawn(receive(exchange));
  }
  co_await tasks.join_through();
  for (const Exchange& exchange : exchanges) {
    if (!exchange.failure.empty()) throw Error(ErrorCode::failed, exchange.failure);
  }
}

Task<void> reset(System& system, net::Swarm& swarm, PeerId peer, std::size_t count) {
  const Bytes piece(kChunkBytes);
  std::array<std::uint8_t, 100> some{};
  for (std::size_t number = 0; number < count; ++number) {
    net::ProtocolStream opened = co_await swarm.open(peer, {kEchoProtocol});
    co_await write_all(*opened.stream, piece);
    co_await read_exactly(*opened.stream, some);
    opened.stream->abort();
  }
  co_await echo(system, swarm, peer, 1, 1000);
}

}  // namespace shoal::interop
