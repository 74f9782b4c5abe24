#include "net/transport/tcp/tcp.h"

#include <utility>

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

class TcpListener final : public TransportListener {
 public:
  TcpListener(Upgrader& upgrader, std::unique_ptr<Listener> listener)
      : upgrader_(upgrader), listener_(std::move(listener)) {}

  Multiaddr address() const override { return Multiaddr::tcp(listener_->local()); }

  Task<std::unique_ptr<Incoming>> accept() override {
    std::unique_ptr<HostStream> stream = co_await listener_->accept();
    co_return std::make_unique<TcpIncoming>(upgrader_, std::move(stream));
  }

 private:
  Upgrader& upgrader_;
  std::unique_ptr<Listener> listener_;
};

class TcpTransport final : public Transport {
 public:
  TcpTransport(System& system, Upgrader& upgrader) : system_(system), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override {
    return address.tcp_endpoint().has_value();
  }

  Task<Link> dial(Multiaddr address, PeerId peer) override {
    for (const Security security : upgrader_.security()) {
      const bool is_last = security == upgrader_.security().back();
      try {
        co_return co_await dial(address, peer, security);
      } catch (const Error& error) {
        if (is_last || error.code() != ErrorCode::unsupported) throw;
      }
    }
    SHOAL_CHECK(false);
  }

  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    const auto endpoint = address.tcp_endpoint();
    SHOAL_CHECK(endpoint.has_value());
    return std::make_unique<TcpListener>(upgrader_, system_.network.listen(*endpoint));
  }

 private:
  Task<Link> dial(Multiaddr address, PeerId peer, Security security) {
    const auto endpoint = address.tcp_endpoint();
    SHOAL_CHECK(endpoint.has_value());
    std::unique_ptr<HostStream> stream = co_await system_.network.connect(*endpoint);
    Multiaddr local = Multiaddr::tcp(stream->local());
    co_return co_await upgrader_.outbound(std::move(stream), std::move(peer), std::move(local),
                                          std::move(address), security);
  }

  System& system_;
  Upgrader& upgrader_;
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(System& system, Upgrader& upgrader) {
  return std::make_unique<TcpTransport>(system, upgrader);
}

}  // namespace shoal::net
