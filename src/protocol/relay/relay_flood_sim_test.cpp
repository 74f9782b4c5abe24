#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/framing.h"
#include "protocol/relay/protocol.h"
#include "protocol/relay/relay_sim_testing.h"
#include "system/task_group.h"

namespace shoal::relay {
namespace {

using net::testing::TestNode;
using testing::TestNet;

constexpr std::uint64_t kLine = 2'000'000;  // bytes a second, each way
constexpr std::size_t kDownload = 20'000'000;
constexpr int kFlooders = 16;
constexpr std::size_t kPiece = 16 * 1024;
/// What may wait unread in a socket: until these are full, whoever sends is not slowed down.
constexpr std::uint64_t kWindow = 256 * 1024;
constexpr Duration kUntilFull = 20s;
constexpr const char* kBulk = "/test/bulk/1";

Task<void> write_without_end(Stream& stream) {
  const Bytes piece(kPiece);
  while (true) co_await write_all(stream, piece);
}

Task<void> read_without_end(Stream& stream) {
  Bytes piece(kPiece);
  while (co_await stream.read_some(piece) > 0) {
  }
}

/// As much as the relay takes, both ways, until it breaks the circuit.
Task<void> fill_circuit(System& system, Stream& stream) {
  TaskGroup writing(system.waits, "flood");
  writing.spawn(write_without_end(stream));
  std::exception_ptr broken;
  try {
    co_await read_without_end(stream);
  } catch (...) {
    broken = std::current_exception();
  }
  co_await writing.stop();
}

/// Accepts every circuit and fills it.
Task<void> accept_and_fill(System& system, net::ProtocolStream stream) {
  co_await net::read_message(*stream.stream, kMaxMessageBytes);
  const StopMessage ok{.type = StopMessage::Type::status, .status = Status::ok};
  const Bytes bytes = ok.encode();
  co_await net::write_message(*stream.stream, bytes);
  co_await fill_circuit(system, *stream.stream);
}

Task<void> ask(Stream& stream, HopMessage message) {
  const Bytes bytes = message.encode();
  co_await net::write_message(stream, bytes);
  co_await net::read_message(stream, kMaxMessageBytes);
}

Task<void> open_and_fill(TestNode& from, PeerId relay, HopMessage message) {
  net::ProtocolStream opened = co_await from.swarm.open(relay, {kHopProtocol});
  co_await ask(*opened.stream, message);
  if (message.type == HopMessage::Type::connect) co_await fill_circuit(from.system, *opened.stream);
}

/// Circuits to an accomplice, one after the other, without a pause.
Task<void> flood(TestNode& from, PeerId relay, PeerId accomplice) {
  while (true) {
    try {
      co_await open_and_fill(from, relay, {.type = HopMessage::Type::connect, .peer = accomplice});
    } catch (const Error&) {
      // The next one may get through.
    }
    co_await from.system.clock.sleep_for(10ms);
  }
}

Task<void> send_bulk(net::ProtocolStream stream) {
  const Bytes piece(kPiece);
  for (std::size_t sent = 0; sent < kDownload; sent += kPiece) {
    co_await write_all(*stream.stream, piece);
  }
  co_await stream.stream->close_write();
}

Task<void> download(TestNode& to, PeerId from) {
  const auto expected = to.swarm.solicit(from);
  net::ProtocolStream opened = co_await to.swarm.open(from, {kBulk});
  co_await read_without_end(*opened.stream);
}

/// How long a direct peer's download from the relay takes.
struct Flooded {
  Duration took{};
  std::uint64_t relayed = 0;
};

Flooded download_beside(int flooders) {
  TestNet net;
  const auto add = [&net] {
    return std::make_unique<TestNode>(
        net.world.add_host({.up = kLine, .down = kLine, .window_bytes = kWindow}));
  };
  const auto relay = add();
  Server server(relay->system, relay->swarm, relay->identity, {});
  relay->swarm.protocols().add(kBulk, send_bulk);
  const auto direct = add();
  direct->knows(relay->id, relay->address());
  std::vector<std::unique_ptr<TestNode>> others;
  TaskGroup floods(net.world.waits(), "floods");
  for (int i = 0; i < flooders; ++i) {
    others.push_back(add());
    TestNode& accomplice = *others.back();
    accomplice.knows(relay->id, relay->address());
    accomplice.swarm.protocols().add(kStopProtocol, [&accomplice](net::ProtocolStream stream) {
      return accept_and_fill(accomplice.system, std::move(stream));
    });
    net.world.run(open_and_fill(accomplice, relay->id, {.type = HopMessage::Type::reserve}));
    others.push_back(add());
    others.back()->knows(relay->id, relay->address());
    for (int j = 0; j < 4; ++j) floods.spawn(flood(*others.back(), relay->id, accomplice.id));
  }
  net.world.run_for(kUntilFull);
  const TimePoint begun = net.world.now();
  net.world.run(download(*direct, relay->id));
  const Flooded out{.took = net.world.now() - begun, .relayed = server.bytes_relayed()};
  net.world.run(floods.stop());
  for (const auto& each : others) each->stop();
  direct->stop();
  relay->stop();
  return out;
}

// H4
TEST(RelayFlood, circuits_slow_direct_peers_by_a_tenth_at_most) {
  const Flooded quiet = download_beside(0);
  const Flooded loud = download_beside(kFlooders);
  const double slower =
      static_cast<double>(loud.took.count()) / static_cast<double>(quiet.took.count());
  RecordProperty("slower", std::to_string(slower));
  std::printf("alone %.2f s, beside the flood %.2f s: %.3f of it; %llu bytes relayed\n",
              std::chrono::duration<double>(quiet.took).count(),
              std::chrono::duration<double>(loud.took).count(), slower,
              static_cast<unsigned long long>(loud.relayed));
  EXPECT_GT(loud.relayed, 500'000u) << "there was no flood";
  EXPECT_LE(slower, 1.1);
}

}  // namespace
}  // namespace shoal::relay
