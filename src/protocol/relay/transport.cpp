#include "protocol/relay/transport.h"

#include <utility>

#include "base/error.h"

namespace shoal::relay {

namespace {

using net::Direction;
using net::Incoming;
using net::Link;
using net::Security;
using net::TransportListener;

constexpr Duration kRelayAddressLifetime = 10min;

/// The relay in a circuit address, which may lack where it is.
struct Via {
  PeerId relay;
  Multiaddr address;  // without /p2p; empty when the address names only the relay
};

std::optional<Via> via_of(const Multiaddr& address) {
  const Multiaddr relayed = address.decapsulate(circuit_listen_address());
  const Multiaddr target = address.without_peer();
  // What is behind the last /p2p-circuit is the target, which is known.
  if (relayed.encapsulate(circuit_listen_address()) != target) return std::nullopt;
  const auto relay = relayed.peer();
  if (!relay || relayed.has(AddressCode::p2p_circuit)) return std::nullopt;
  return Via{.relay = *relay, .address = relayed.without_peer()};
}

Task<Link> secured(Task<Link> upgrading, PeerId expected, bool limited) {
  Link link = co_await std::move(upgrading);
  if (link.peer != expected) {
    throw Error(ErrorCode::refused, "another peer answered", link.remote.to_string());
  }
  link.limited = limited;
  co_return link;
}

class IncomingCircuit final : public Incoming {
 public:
  IncomingCircuit(net::Upgrader& upgrader, Circuit circuit)
      : upgrader_(upgrader), circuit_(std::move(circuit)) {}

  Multiaddr remote() const override { return circuit_.remote; }
  Task<Link> upgrade() override {
    Task<Link> upgrading =
        upgrader_.inbound(std::move(circuit_.stream), circuit_.local, circuit_.remote);
    return secured(std::move(upgrading), circuit_.peer, circuit_.limited);
  }

 private:
  net::Upgrader& upgrader_;
  Circuit circuit_;
};

class CircuitListener final : public TransportListener {
 public:
  CircuitListener(Client& client, net::Upgrader& upgrader) : client_(client), upgrader_(upgrader) {}

  Multiaddr address() const override { return {}; }
  Task<std::unique_ptr<Incoming>> accept() override {
    Circuit circuit = co_await client_.accept();
    co_return std::make_unique<IncomingCircuit>(upgrader_, std::move(circuit));
  }

 private:
  Client& client_;
  net::Upgrader& upgrader_;
};

class CircuitTransport final : public net::Transport {
 public:
  CircuitTransport(net::Swarm& swarm, Client& client, net::Upgrader& upgrader)
      : swarm_(swarm), client_(client), upgrader_(upgrader) {}

  bool handles(const Multiaddr& address) const override {
    return address == circuit_listen_address() || via_of(address).has_value();
  }

  Task<Link> dial(Multiaddr address, PeerId peer, net::DialAs as) override {
    const auto via = via_of(address);
    if (!via) throw Error(ErrorCode::unsupported, "no address of a circuit", address.to_string());
    if (as.role == Direction::inbound || via->relay == peer || via->relay == swarm_.local_peer()) {
      throw Error(ErrorCode::unsupported, "not through a relay", address.to_string());
    }
    if (!via->address.empty()) {
      swarm_.peers().add_address(via->relay, via->address, net::AddressSource::hearsay,
                                 kRelayAddressLifetime);
    }
    for (const Security security : upgrader_.security()) {
      const bool is_last = security == upgrader_.security().back();
      try {
        co_return co_await dial(via->relay, peer, security);
      } catch (const Error& error) {
        if (is_last || error.code() != ErrorCode::unsupported) throw;
      }
    }
    SHOAL_CHECK(false);
  }

  std::unique_ptr<TransportListener> listen(const Multiaddr& address) override {
    SHOAL_CHECK(address == circuit_listen_address());
    return std::make_unique<CircuitListener>(client_, upgrader_);
  }

 private:
  Task<Link> dial(PeerId relay, PeerId peer, Security security) {
    Circuit circuit = co_await client_.connect(std::move(relay), peer);
    Task<Link> upgrading =
        upgrader_.outbound(std::move(circuit.stream), peer, std::move(circuit.local),
                           std::move(circuit.remote), security);
    co_return co_await secured(std::move(upgrading), std::move(peer), circuit.limited);
  }

  net::Swarm& swarm_;
  Client& client_;
  net::Upgrader& upgrader_;
};

}  // namespace

Multiaddr circuit_listen_address() {
  static const Multiaddr kAddress = Multiaddr::parse("/p2p-circuit");
  return kAddress;
}

std::unique_ptr<net::Transport> make_circuit_transport(net::Swarm& swarm, Client& client,
                                                       net::Upgrader& upgrader) {
  return std::make_unique<CircuitTransport>(swarm, client, upgrader);
}

}  // namespace shoal::relay
