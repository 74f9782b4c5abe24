#include "net/transport/tcp/tcp.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/error.h"

namespace shoal::net {

namespace {

class TcpIncoming final : public Incoming {
 public:
  TcpIncoming(Upgrader& upgrader, std::unique_ptr<HostStream> stream)
      : upgrader_(upgrader),
        local_(Multiaddr::tcp(stream->local())),
        remote_(Multiaddr::tcp(stream->remote())),
        stream_(std::move(stream)) {}

  Multiaddr remote() const override { return remote_; }
  Task<Link> upgrade() override { return upgrader_.inbound(std::move(stream_), local_, remote_); }

 private:
  Upgrader& upgrader_;
  const Multiaddr local_;
  const Multiaddr remote_;
  std::unique_ptr<HostStream> stream_;
};

/// Ports that are listened on now.
using Ports = std::vector<Endpoint>;

class TcpListener final : public TransportListener {
 public:
  TcpListener(Upgrader& upgrader, std::unique_ptr<Listener> listener, std::shared_ptr<Ports> ports)
      : upgrader_(upgrader), listener_(std::move(listener)), ports_(std::move(ports)) {
    ports_->push_back(listener_->local());
  }
  ~TcpListener() override {
    const auto own = std::ranges::find(*ports_, listener_->local());
    if (own != ports_->end()) ports_->erase(own);
  }

  Multiaddr address() const override { return Multiaddr::tcp(listener_->local()); }

  Task<std::unique_ptr<Incoming>> accept() override {
    std::unique_ptr<HostStream> stream = co_await listener_->accept();
    co_return std::make_unique<TcpIncoming>(upgrader_, std::move(stream));
  }

 private:
  Upgrader& upgrader_;
  std::unique_ptr<Listener> listener_;
  std::shared_ptr<Ports> ports_;
};

class TcpTransport final : public Transport {
 public:
  TcpTransport(System& system, Upgrader& upgrader) : system_(system), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override {
    return address.tcp_endpoint().has_value();
  }

  Task<Link> dial(Multiaddr address, PeerId peer, DialAs as) override {
    if (as.role == Direction::inbound) co_return co_await answer(address, peer, as);
    for (const Security security : upgrader_.security()) {
      const bool is_last = security == upgrader_.security().back();
      try {
        co_return co_await dial(address, peer, as, security);
      } catch (const Error& error) {
        if (is_last || error.code() != ErrorCode::unsupported) throw;
      }
    }
    SHOAL_CHECK(false);
  }

  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    const auto endpoint = address.tcp_endpoint();
    SHOAL_CHECK(endpoint.has_value());
    return std::make_unique<TcpListener>(upgrader_, system_.network.listen(*endpoint), ports_);
  }

 private:
  Task<Link> dial(Multiaddr address, PeerId peer, DialAs as, Security security) {
    std::unique_ptr<HostStream> stream = co_await connect(address, as);
    Multiaddr local = Multiaddr::tcp(stream->local());
    co_return co_await upgrader_.outbound(std::move(stream), std::move(peer), std::move(local),
                                          std::move(address), security);
  }

  Task<Link> answer(Multiaddr address, PeerId peer, DialAs as) {
    std::unique_ptr<HostStream> stream = co_await connect(address, as);
    Multiaddr local = Multiaddr::tcp(stream->local());
    Link link = co_await upgrader_.inbound(std::move(stream), std::move(local), address);
    if (link.peer == peer) co_return link;
    throw Error(ErrorCode::refused, "another peer answered", address.to_string());
  }

  Task<std::unique_ptr<HostStream>> connect(Multiaddr address, DialAs as) {
    const auto endpoint = address.tcp_endpoint();
    SHOAL_CHECK(endpoint.has_value());
    const std::uint16_t port = as.from_listening_port ? listening_port(endpoint->address) : 0;
    return system_.network.connect(*endpoint, {.local_port = port});
  }

  /// Of a listener that a peer at `remote` could reach; 0 when there is none.
  std::uint16_t listening_port(const IpAddress& remote) const {
    for (const Endpoint& each : *ports_) {
      if (each.address.is_v6() == remote.is_v6()) return each.port;
    }
    return 0;
  }

  System& system_;
  Upgrader& upgrader_;
  const std::shared_ptr<Ports> ports_ = std::make_shared<Ports>();
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(System& system, Upgrader& upgrader) {
  return std::make_unique<TcpTransport>(system, upgrader);
}

}  // namespace shoal::net
