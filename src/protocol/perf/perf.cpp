#include "protocol/perf/perf.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::perf {

namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

/// Big-endian, as the spec has it.
using Count = std::array<std::uint8_t, 8>;

Count encode_count(std::uint64_t count) {
  Count out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[out.size() - 1 - i] = static_cast<std::uint8_t>(count >> (8 * i));
  }
  return out;
}

std::uint64_t decode_count(const Count& bytes) {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

/// Moves bytes over one stream, with a limit to how long a chunk may take.
class Pump {
 public:
  Pump(System& system, Stream& stream) : system_(system), stream_(stream), chunk_(kChunkBytes) {}

  Task<std::uint64_t> read_count() {
    Count count{};
    co_await within(system_.clock, kIdleTimeout, read_exactly(stream_, count), "perf");
    co_return decode_count(count);
  }

  Task<void> send(std::uint64_t bytes) {
    std::ranges::fill(chunk_, std::uint8_t{0});
    while (bytes > 0) {
      const std::size_t count = std::min<std::uint64_t>(bytes, chunk_.size());
      const ByteView part = ByteView(chunk_).first(count);
      co_await within(system_.clock, kIdleTimeout, write_all(stream_, part), "perf");
      bytes -= count;
    }
  }

  /// To the end. Throws Error{corrupt} as soon as there are more than `most`.
  Task<std::uint64_t> receive(std::uint64_t most) {
    std::uint64_t received = 0;
    while (true) {
      const std::size_t got =
          co_await within(system_.clock, kIdleTimeout, stream_.read_some(chunk_), "perf");
      if (got == 0) break;
      if (got > most - received) throw Error(ErrorCode::corrupt, "the peer sends too much");
      received += got;
    }
    co_return received;
  }

 private:
  System& system_;
  Stream& stream_;
  Bytes chunk_;
};

/// Bounds the streams that are served, in all and for each peer.
class StreamLimiter {
 public:
  /// One stream's place; ends with it. Keeps the limiter alive.
  class [[nodiscard]] Reservation {
   public:
    Reservation(std::shared_ptr<StreamLimiter> limiter, PeerId peer)
        : limiter_(std::move(limiter)), peer_(std::move(peer)) {
      ++limiter_->by_peer_[peer_];
      ++limiter_->all_;
    }
    ~Reservation() {
      const auto entry = limiter_->by_peer_.find(peer_);
      if (--entry->second == 0) limiter_->by_peer_.erase(entry);
      --limiter_->all_;
    }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

   private:
    const std::shared_ptr<StreamLimiter> limiter_;
    const PeerId peer_;
  };

  /// Throws Error{refused} when there are too many.
  void check(const PeerId& peer) const {
    const auto entry = by_peer_.find(peer);
    const std::size_t of_peer = entry == by_peer_.end() ? 0 : entry->second;
    if (of_peer < kMaxStreamsPerPeer && all_ < kMaxStreams) return;
    throw Error(ErrorCode::refused, "too many perf streams at once", peer.to_string());
  }

 private:
  std::map<PeerId, std::size_t> by_peer_;
  std::size_t all_ = 0;
};

Task<void> answer(System& system, net::Swarm& swarm, std::shared_ptr<StreamLimiter> limiter,
                  net::ProtocolStream stream) {
  limiter->check(stream.peer);
  const StreamLimiter::Reservation reservation(limiter, stream.peer);
  const net::IngressLimiter::Solicited solicited = swarm.solicit(stream.peer);
  Pump pump(system, *stream.stream);
  const std::uint64_t wanted = co_await pump.read_count();
  co_await pump.receive(UINT64_MAX);
  co_await pump.send(wanted);
  co_await stream.stream->close_write();
}

void check_nearby(net::Swarm& swarm, const net::ProtocolStream& stream) {
  const net::Connection* const connection = swarm.find(stream.connection);
  if (connection != nullptr && connection->path() <= net::Path::lan) return;
  throw Error(ErrorCode::refused, "perf is for peers of the local network",
              stream.peer.to_string());
}

}  // namespace

void serve(System& system, net::Swarm& swarm, Audience audience) {
  auto limiter = std::make_shared<StreamLimiter>();
  swarm.protocols().add(kProtocol,
                        [&system, &swarm, limiter, audience](net::ProtocolStream stream) {
                          if (audience == Audience::nearby) check_nearby(swarm, stream);
                          return answer(system, swarm, limiter, std::move(stream));
                        });
}

Task<Measurement> Perf::upload(PeerId peer, std::uint64_t bytes) {
  return run(std::move(peer), bytes, 0);
}

Task<Measurement> Perf::download(PeerId peer, std::uint64_t bytes) {
  return run(std::move(peer), 0, bytes);
}

Task<Measurement> Perf::run(PeerId peer, std::uint64_t up, std::uint64_t down) {
  // A new connection is not what is measured.
  co_await swarm_.connect(peer);
  const net::IngressLimiter::Solicited solicited = swarm_.solicit(peer);
  const TimePoint start = system_.clock.now();
  net::ProtocolStream opened = co_await swarm_.open(peer, {kProtocol});
  try {
    co_await exchange(*opened.stream, up, down);
  } catch (...) {
    opened.stream->abort();  // or the peer would send on
    throw;
  }
  co_return Measurement{.bytes = up + down, .time = system_.clock.now() - start};
}

Task<void> Perf::exchange(Stream& stream, std::uint64_t up, std::uint64_t down) {
  Pump pump(system_, stream);
  const Count wanted = encode_count(down);
  co_await write_all(stream, wanted);
  co_await pump.send(up);
  co_await stream.close_write();
  const std::uint64_t received = co_await pump.receive(down);
  if (received != down) throw Error(ErrorCode::corrupt, "the peer sent too little");
}

}  // namespace shoal::perf
