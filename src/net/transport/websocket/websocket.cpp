#include "net/transport/websocket/websocket.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/read_ahead.h"
#include "net/transport/websocket/handshake.h"
#include "net/transport/websocket/websocket_address.h"
#include "net/transport/websocket/websocket_stream.h"

namespace shoal::net {

namespace {

using websocket::Address;
using websocket::WebSocketStream;

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
  WebSocketIncoming(System& system, Upgrader& upgrader, bool tls,
                    std::unique_ptr<HostStream> stream)
      : system_(system),
        upgrader_(upgrader),
        tls_(tls),
        local_(Address{.endpoint = stream->local(), .tls = tls}.multiaddr()),
        remote_(Address{.endpoint = stream->remote(), .tls = tls}.multiaddr()),
        stream_(std::make_unique<ReadAhead>(std::move(stream))) {}

  Multiaddr remote() const override { return remote_; }

  Task<Link> upgrade() override {
    if (tls_) {
      auto inside = co_await upgrader_.web_tls().inbound(std::move(stream_), remote_);
      stream_ = std::make_unique<ReadAhead>(std::move(inside));
    }
    co_await websocket::shake_hands_as_server(*stream_);
    auto stream = make_stream(system_, std::move(stream_), Direction::inbound);
    co_return co_await upgrader_.inbound(std::move(stream), local_, remote_);
  }

 private:
  System& system_;
  Upgrader& upgrader_;
  const bool tls_;
  const Multiaddr local_;
  const Multiaddr remote_;
  std::unique_ptr<Stream> stream_;
};

class WebSocketListener final : public TransportListener {
 public:
  WebSocketListener(System& system, Upgrader& upgrader, Address wanted)
      : system_(system),
        upgrader_(upgrader),
        address_(std::move(wanted)),
        listener_(system.network.listen(address_.endpoint)) {
    address_.endpoint = listener_->local();
  }

  Multiaddr address() const override { return address_.multiaddr(); }

  Task<std::unique_ptr<Incoming>> accept() override {
    std::unique_ptr<HostStream> stream = co_await listener_->accept();
    co_return std::make_unique<WebSocketIncoming>(system_, upgrader_, address_.tls,
                                                  std::move(stream));
  }

 private:
  System& system_;
  Upgrader& upgrader_;
  Address address_;
  std::unique_ptr<Listener> listener_;
};

class WebSocketTransport final : public Transport {
 public:
  WebSocketTransport(System& system, Upgrader& upgrader) : system_(system), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override { return Address::of(address).has_value(); }

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
    return std::make_unique<WebSocketListener>(system_, upgrader_, *Address::of(address));
  }

 private:
  Task<Link> dial(Multiaddr address, PeerId peer, Security security) {
    const Address to = *Address::of(address);
    std::unique_ptr<HostStream> connected = co_await system_.network.connect(to.endpoint);
    Multiaddr local = Address{.endpoint = connected->local(), .tls = to.tls}.multiaddr();
    std::unique_ptr<Stream> ahead = std::make_unique<ReadAhead>(std::move(connected));
    if (to.tls) {
      auto inside = co_await upgrader_.web_tls().outbound(std::move(ahead), to.server_name);
      ahead = std::make_unique<ReadAhead>(std::move(inside));
    }
    const std::string host = to.host();
    co_await websocket::shake_hands_as_client(*ahead, system_.random, host);
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
