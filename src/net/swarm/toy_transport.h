#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/transport/transport.h"
#include "net/upgrade.h"
#include "system/event.h"
#include "system/system.h"

namespace shoal::net::testing {

/// What has come for one stream and was not read.
struct ToyInbox {
  explicit ToyInbox(System& system) : arrived(system.waits) {}
  void feed(ByteView bytes) {
    waiting.emplace_back(bytes.begin(), bytes.end());
    arrived.notify_all();
  }
  std::deque<Bytes> waiting;
  Event arrived;
};

/// The least that a transport can be, at /ip4/…/udp/PORT: datagrams of a network that loses and
/// reorders none. An empty one is the end.
class ToyStream final : public Stream {
 public:
  static constexpr std::size_t kDatagramBytes = 1200;
  using Socket = std::shared_ptr<DatagramSocket>;

  ToyStream(System& system, Socket socket, Endpoint remote, bool reads_socket)
      : socket_(std::move(socket)),
        remote_(remote),
        reads_socket_(reads_socket),
        inbox_(std::make_shared<ToyInbox>(system)) {}
  ~ToyStream() override { abort(); }

  const std::shared_ptr<ToyInbox>& inbox() const { return inbox_; }

  Task<std::size_t> read_some(MutableBytes into) override {
    auto& waiting = inbox_->waiting;
    while (waiting.empty() && !aborted_) {
      if (!reads_socket_) {
        co_await inbox_->arrived.wait();
        continue;
      }
      Bytes datagram(kDatagramBytes);
      const auto got = co_await socket_->receive(datagram);
      inbox_->feed(ByteView(datagram).first(got.bytes));
    }
    if (aborted_) throw Error(ErrorCode::closed, "the stream was aborted");
    Bytes& first = waiting.front();
    const std::size_t count = std::min(first.size(), into.size());
    std::copy_n(first.begin(), count, into.begin());
    if (count == first.size() && count > 0) {
      waiting.pop_front();
    } else {
      first.erase(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(count));
    }
    co_return count;
  }

  Task<void> write(std::span<const ByteView> pieces) override {
    if (aborted_) throw Error(ErrorCode::closed, "the stream was aborted");
    for (ByteView rest : pieces) {
      while (!rest.empty()) {
        const ByteView part = rest.first(std::min(rest.size(), kDatagramBytes));
        socket_->send(remote_, part);
        rest = rest.subspan(part.size());
      }
    }
    co_return;
  }

  Task<void> close_write() override {
    socket_->send(remote_, ByteView());
    co_return;
  }

  void abort() noexcept override {
    if (std::exchange(aborted_, true)) return;
    socket_->send(remote_, ByteView());
    inbox_->arrived.notify_all();
  }

 private:
  const Socket socket_;
  const Endpoint remote_;
  const bool reads_socket_;
  bool aborted_ = false;
  const std::shared_ptr<ToyInbox> inbox_;
};

inline Multiaddr toy_address(const Endpoint& endpoint) {
  return Multiaddr::parse("/ip4/" + endpoint.address.to_string() + "/udp/" +
                          std::to_string(endpoint.port));
}

inline Endpoint toy_endpoint(const Multiaddr& address) {
  const std::string text = address.to_string();
  const auto port = static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind('/') + 1)));
  return {.address = *address.ip(), .port = port};
}

class ToyIncoming final : public Incoming {
 public:
  ToyIncoming(Upgrader& upgrader, std::unique_ptr<ToyStream> stream, Multiaddr local,
              Multiaddr remote)
      : upgrader_(upgrader),
        stream_(std::move(stream)),
        local_(std::move(local)),
        remote_(std::move(remote)) {}

  Multiaddr remote() const override { return remote_; }
  Task<Link> upgrade() override { return upgrader_.inbound(std::move(stream_), local_, remote_); }

 private:
  Upgrader& upgrader_;
  std::unique_ptr<ToyStream> stream_;
  const Multiaddr local_;
  const Multiaddr remote_;
};

/// Hands out what comes while somebody accepts.
class ToyListener final : public TransportListener {
 public:
  ToyListener(System& system, Upgrader& upgrader, Endpoint local)
      : system_(system), upgrader_(upgrader), socket_(system.network.bind(local)) {}

  Multiaddr address() const override { return toy_address(socket_->local()); }

  Task<std::unique_ptr<Incoming>> accept() override {
    while (true) {
      Bytes datagram(ToyStream::kDatagramBytes);
      const auto got = co_await socket_->receive(datagram);
      const ByteView bytes = ByteView(datagram).first(got.bytes);
      const auto known = streams_.find(got.from);
      if (known != streams_.end()) {
        known->second->feed(bytes);
      } else if (!bytes.empty()) {
        auto stream = std::make_unique<ToyStream>(system_, socket_, got.from, false);
        streams_[got.from] = stream->inbox();
        stream->inbox()->feed(bytes);
        co_return std::make_unique<ToyIncoming>(upgrader_, std::move(stream), address(),
                                                toy_address(got.from));
      }
    }
  }

 private:
  System& system_;
  Upgrader& upgrader_;
  const ToyStream::Socket socket_;
  std::map<Endpoint, std::shared_ptr<ToyInbox>> streams_;
};

class ToyTransport final : public Transport {
 public:
  ToyTransport(System& system, Upgrader& upgrader) : system_(system), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override {
    return address.has(AddressCode::udp) && !address.has(AddressCode::quic_v1);
  }
  Task<Link> dial(Multiaddr address, PeerId peer, DialAs /*as*/) override {
    const ToyStream::Socket socket = system_.network.bind({.address = IpAddress::any_v4()});
    auto stream = std::make_unique<ToyStream>(system_, socket, toy_endpoint(address), true);
    co_return co_await upgrader_.outbound(std::move(stream), std::move(peer),
                                          toy_address(socket->local()), std::move(address));
  }
  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    return std::make_unique<ToyListener>(system_, upgrader_, toy_endpoint(address));
  }

 private:
  System& system_;
  Upgrader& upgrader_;
};

}  // namespace shoal::net::testing
