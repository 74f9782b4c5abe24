#include "net/transport/quic/quic.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/transport/quic/quic_address.h"
#include "net/transport/quic/quic_muxer.h"

namespace shoal::net {

namespace {

/// For about 5 s, the time of one round of hole punching.
constexpr int kPunches = 40;
constexpr std::size_t kPunchBytes = 64;
constexpr Duration kPunchPause = 40ms;
constexpr BindOptions kBindOptions{.batches = true, .dont_fragment = true};

class QuicListener final : public TransportListener {
 public:
  explicit QuicListener(quic::PacketSocket& socket) : socket_(socket) {
    socket_.set_accepting(true);
  }
  ~QuicListener() override { socket_.set_accepting(false); }

  Multiaddr address() const override { return quic::quic_address(socket_.local()); }
  Task<std::unique_ptr<Incoming>> accept() override {
    std::unique_ptr<quic::QuicIncoming> incoming = co_await socket_.accept();
    co_return incoming;
  }

 private:
  quic::PacketSocket& socket_;
};

class QuicTransport final : public Transport {
 public:
  QuicTransport(System& system, Upgrader& upgrader)
      : system_(system),
        upgrader_(upgrader),
        shared_{.system = system,
                .credentials = {},
                .gate = upgrader.gate(),
                .bandwidth = upgrader.bandwidth()} {}

  bool handles(const Multiaddr& address) const override {
    return quic::quic_endpoint(address).has_value();
  }

  Task<Link> dial(Multiaddr address, PeerId peer, DialAs as) override {
    const Endpoint endpoint = quic::quic_endpoint(address).value();
    make_credentials();
    if (as.role == Direction::inbound) co_return co_await let_in(endpoint);
    quic::PacketSocket& socket = socket_for(endpoint.address);
    std::optional<quic::Ticket> ticket;
    if (as.early) ticket = shared_.tickets.take(peer, endpoint, system_.clock.now());
    auto muxer =
        std::make_unique<quic::QuicMuxer>(socket, endpoint, std::move(peer), std::move(ticket));
    if (!as.from_listening_port) muxer->heed_undelivered();
    co_await muxer->handshake();
    co_return quic::make_link(std::move(muxer), std::move(address));
  }

  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    make_credentials();
    return std::make_unique<QuicListener>(bind(quic::quic_endpoint(address).value()));
  }

  Task<void> stop() override {
    for (const auto& socket : sockets_) co_await socket->stop();
    sockets_.clear();
  }

 private:
  /// Has the NAT before us let in the packets of a peer that dials us now; its connection comes to
  /// the listener (libp2p specs, relay/DCUtR).
  Task<Link> let_in(Endpoint peer) {
    quic::PacketSocket& socket = socket_for(peer.address);
    for (int i = 0; i < kPunches; ++i) {
      Bytes packet = system_.random.bytes(kPunchBytes);
      packet[0] &= 0x3f;  // without the bit that every packet of QUIC has
      socket.send(peer, packet, {});
      co_await system_.clock.sleep_for(kPunchPause + system_.random.below(5) * kPunchPause);
    }
    throw Error(ErrorCode::unreachable, "nobody came from there", peer.to_string());
  }

  void make_credentials() {
    if (shared_.credentials) return;
    shared_.credentials = quic::Credentials::make(
        upgrader_.identity(), [this](MutableBytes out) { system_.random.fill(out); });
  }

  quic::PacketSocket& bind(const Endpoint& local) {
    auto socket =
        std::make_unique<quic::PacketSocket>(shared_, system_.network.bind(local, kBindOptions));
    socket->start();
    sockets_.push_back(std::move(socket));
    return *sockets_.back();
  }

  /// That of a listener where one can reach `remote`, so that others see us where they find us.
  quic::PacketSocket& socket_for(const IpAddress& remote) {
    for (const auto& socket : sockets_) {
      const IpAddress bound = socket->local().address;
      if (bound.is_v6() != remote.is_v6()) continue;
      if (bound.is_unspecified() || bound.is_loopback() == remote.is_loopback()) return *socket;
    }
    return bind({remote.is_v6() ? IpAddress::any_v6() : IpAddress::any_v4(), 0});
  }

  System& system_;
  Upgrader& upgrader_;
  quic::Shared shared_;
  std::vector<std::unique_ptr<quic::PacketSocket>> sockets_;
};

}  // namespace

std::unique_ptr<Transport> make_quic_transport(System& system, Upgrader& upgrader) {
  return std::make_unique<QuicTransport>(system, upgrader);
}

}  // namespace shoal::net
