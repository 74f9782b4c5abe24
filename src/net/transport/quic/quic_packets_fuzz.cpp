#include <algorithm>
#include <array>
#include <functional>

#include "base/error.h"
#include "base/fuzz_script.h"
#include "net/transport/quic/quic_end_testing.h"

// A listener and a dialler whose packets pass through somebody who does with each of them what the
// input says: lose it, double it, hold it back, change bytes of it, put others before or behind it.
// Whatever that is, what is read is what was written, both ends end, and the books are even. TLS
// draws its own randomness, so the bytes of packets differ from run to run; what is done to them
// does not.

namespace {

using namespace shoal;
using namespace shoal::quic;
using namespace shoal::quic::testing;

constexpr std::size_t kStreams = 3;
constexpr std::size_t kStreamBytes = 20'000;
constexpr std::size_t kMaxChanged = 512;  // packets
constexpr Duration kLatency = 1ms;
constexpr Duration kLongEnough = 2s;

std::uint8_t byte_at(std::size_t position) {
  return static_cast<std::uint8_t>(position * 7 + position / 256);
}

/// Between the two: who dials sees it as the listener, and the listener as who dials.
class Between {
 public:
  Between(System& system, Endpoint listener, FuzzScript script)
      : socket_(system.network.bind({IpAddress::any_v4(), 9}, {})),
        listener_(listener),
        script_(script) {}

  /// Datagrams out of nowhere.
  void send_noise() {
    for (std::size_t left = script_.byte() % 4; left > 0; --left) send_made_up(listener_);
  }

  Task<void> forward() {
    Bytes buffer(2048);
    while (true) {
      const DatagramSocket::Received got = co_await socket_->receive(buffer);
      if (got.from != listener_) dialler_ = got.from;
      Bytes packet = to_bytes(ByteView(buffer).first(got.bytes));
      pass(std::move(packet), got.from == listener_ ? dialler_ : listener_);
    }
  }

 private:
  void pass(Bytes packet, const Endpoint& to) {
    if (script_.empty() || ++changed_ > kMaxChanged) return send(to, packet);
    switch (script_.byte() % 8) {
      case 0:
        return;
      case 1:
        send(to, packet);
        return send(to, packet);
      case 2:
        std::swap(packet, held_);
        return send(to, packet);
      case 3:
        change(packet);
        return send(to, packet);
      case 4:
        send_made_up(to);
        return send(to, packet);
      case 5:
        append(packet, script_.take(script_.byte()));
        return send(to, packet);
      default:
        return send(to, packet);
    }
  }

  void change(Bytes& packet) {
    const std::size_t at = script_.number();
    if (!packet.empty()) packet[at % packet.size()] ^= script_.byte();
  }

  /// With what the input says in front, and zeros up to the size of a first packet.
  void send_made_up(const Endpoint& to) {
    Bytes made = to_bytes(script_.take(script_.byte() % 64));
    made.resize(std::size_t{script_.byte()} * 6);
    send(to, made);
  }

  void send(const Endpoint& to, ByteView packet) {
    if (to.port != 0 && !packet.empty()) socket_->send(to, packet);
  }

  const std::unique_ptr<DatagramSocket> socket_;
  const Endpoint listener_;
  Endpoint dialler_{};
  FuzzScript script_;
  Bytes held_;
  std::size_t changed_ = 0;
};

/// Failing is allowed: the connection may not survive what is done to it.
template <class Action>
Task<void> bearing_failure(Action action) {
  try {
    co_await action();
  } catch (const Error&) {
  }
}

Task<void> write_and_end(Stream& stream) {
  Bytes bytes(kStreamBytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = byte_at(i);
  co_await write_all(stream, bytes);
  co_await stream.close_write();
}

Task<void> read_to_the_end(Stream& stream) {
  Bytes buffer(4096);
  std::size_t got = 0;
  while (const std::size_t count = co_await stream.read_some(buffer)) {
    for (std::size_t i = 0; i < count; ++i) SHOAL_CHECK(buffer[i] == byte_at(got + i));
    got += count;
  }
  SHOAL_CHECK(got == kStreamBytes);
}

Task<void> use(std::unique_ptr<Stream> stream) {
  co_await write_and_end(*stream);
  co_await read_to_the_end(*stream);
}

Task<void> answer(std::shared_ptr<Stream> stream) {
  co_await read_to_the_end(*stream);
  co_await write_and_end(*stream);
}

Task<void> listen(PacketSocket& socket, TaskGroup& tasks, std::vector<net::Link>& links) {
  while (true) {
    const std::unique_ptr<QuicIncoming> incoming = co_await socket.accept();
    try {
      links.push_back(co_await incoming->upgrade());
    } catch (const Error&) {
      continue;
    }
    net::Muxer& muxer = *links.back().muxer;
    muxer.when_opened([&muxer, &tasks] {
      while (std::shared_ptr<Stream> stream = muxer.take_opened()) {
        tasks.spawn(bearing_failure([stream] { return answer(stream); }));
      }
    });
    tasks.spawn(bearing_failure([&muxer] { return muxer.run(); }));
  }
}

Task<void> dial(QuicMuxer& muxer, TaskGroup& tasks) {
  co_await muxer.handshake();
  tasks.spawn(bearing_failure([&muxer] { return muxer.run(); }));
  for (std::size_t i = 0; i < kStreams; ++i) {
    tasks.spawn(bearing_failure([&muxer] { return use(muxer.open()); }));
  }
}

std::shared_ptr<const Credentials> credentials_of(System& system, std::size_t index) {
  static std::array<std::shared_ptr<const Credentials>, 2> made;
  if (!made[index]) made[index] = make_credentials(identity_of(index), system.random);
  return made[index];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sim::World world({.name = "fuzz", .path = {.latency = kLatency}});
  sim::Host& here = world.add_host();
  sim::Host& there = world.add_host();
  sim::Host& between = world.add_host();
  QuicEnd dialler(here, credentials_of(here.system(), 0));
  QuicEnd listener(there, credentials_of(there.system(), 1));
  Between wire(between.system(), listener.address, FuzzScript(ByteView(data, size)));
  std::vector<net::Link> links;
  {
    QuicMuxer muxer(dialler.socket, {between.address(), 9}, listener.id);
    TaskGroup tasks(world.waits(), "both");
    tasks.spawn(wire.forward());
    tasks.spawn(listen(listener.socket, tasks, links));
    wire.send_noise();
    tasks.spawn(bearing_failure([&] { return dial(muxer, tasks); }));
    world.run_for(kLongEnough);
    muxer.close();
    for (const net::Link& link : links) link.muxer->close();
    world.run(tasks.stop());
    SHOAL_CHECK(muxer.stream_count() == 0);
  }
  links.clear();
  SHOAL_CHECK(dialler.shared.budget.held() == 0 && listener.shared.budget.held() == 0);
  world.run(dialler.socket.stop());
  world.run(listener.socket.stop());
  return 0;
}
