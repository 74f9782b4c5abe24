#include "net/transport/websocket/websocket.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/read_ahead.h"
#include "net/transport/websocket/handshake.h"
#include "net/transport/websocket/websocket_stream.h"

namespace shoal::net {

namespace {

using websocket::WebSocketStream;

const Multiaddr& suffix() {
  static const Multiaddr kSuffix = Multiaddr::parse("/ws");
  return kSuffix;
}

Multiaddr address_of(const Endpoint& endpoint) {
  return Multiaddr::tcp(endpoint).encapsulate(suffix());
}

/// None for an address of another kind.
std::optional<Endpoint> endpoint_of(const Multiaddr& address) {
  const Multiaddr bare = address.without_peer();
  const auto parts = bare.components();
  if (parts.empty() || parts.back().code != AddressCode::ws) return std::nullopt;
  return bare.decapsulate(suffix()).tcp_endpoint();
}

std::unique_ptr<Stream> make_stream(System& system, std::unique_ptr<Stream> under,
                                    Direction direction) {
  std::array<std::uint8_t, 4> seed{};
  system.random.fill(seed);
  std::uint32_t mask = 0;
  for (const std::uint8_t byte : seed) mask = mask << 8 | byte;
  return std::make_unique<WebSocketStream>(system.clock.waits(), std::move(under), direction, mask);
}

class WebSocketIncoming final : public Incoming {
 public:
  WebSocketIncoming(System& system, Upgrader& upgrader, std::unique_ptr<HostStream> stream)
      : system_(system),
        upgrader_(upgrader),
        local_(address_of(stream->local())),
        remote_(address_of(stream->remote())),
        stream_(std::make_unique<ReadAhead>(std::move(stream))) {}

  Multiaddr remote() const override { return remote_; }

  Task<Link> upgrade() override {
    co_await websocket::shake_hands_as_server(*stream_);
    auto stream = make_stream(system_, std::move(stream_), Direction::inbound);
    co_return co_await upgrader_.inbound(std::move(stream), local_, remote_);
  }

 private:
  System& system_;
  Upgrader& upgrader_;
  const Multiaddr local_;
  const Multiaddr remote_;
  std::unique_ptr<Stream> stream_;
};

class WebSocketListener final : public TransportListener {
 public:
  WebSocketListener(System& system, Upgrader& upgrader, std::unique_ptr<Listener> listener)
      : system_(system), upgrader_(upgrader), listener_(std::move(listener)) {}

  Multiaddr address() const override { return address_of(listener_->local()); }

  Task<std::unique_ptr<Incoming>> accept() override {
    std::unique_ptr<HostStream> stream = co_await listener_->accept();
    co_return std::make_unique<WebSocketIncoming>(system_, upgrader_, std::move(stream));
  }

 private:
  System& system_;
  Upgrader& upgrader_;
  std::unique_ptr<Listener> listener_;
};

class WebSocketTransport final : public Transport {
 public:
  WebSocketTransport(System& system, Upgrader& upgrader) : system_(system), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override { return endpoint_of(address).has_value(); }

  Task<Link> dial(Multiaddr address, PeerId peer, DialAs /*as*/) override {
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
    return std::make_unique<WebSocketListener>(system_, upgrader_,
                                               system_.network.listen(*endpoint_of(address)));
  }

 private:
  Task<Link> dial(Multiaddr address, PeerId peer, Security security) {
    const Endpoint endpoint = *endpoint_of(address);
    std::unique_ptr<HostStream> stream = co_await system_.network.connect(endpoint);
    Multiaddr local = address_of(stream->local());
    std::unique_ptr<Stream> ahead = std::make_unique<ReadAhead>(std::move(stream));
    co_await websocket::shake_hands_as_client(*ahead, system_.random, endpoint.to_string());
    auto messages = make_stream(system_, std::move(ahead), Direction::outbound);
    co_return co_await upgrader_.outbound(std::move(messages), std::move(peer), std::move(local),
                                          std::move(address), security);
  }

  System& system_;
  Upgrader& upgrader_;
};

}  // namespace

std::unique_ptr<Transport> make_websocket_transport(System& system, Upgrader& upgrader) {
  return std::make_unique<WebSocketTransport>(system, upgrader);
}

}  // namespace shoal::net
