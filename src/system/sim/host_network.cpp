#include "system/sim/host_network.h"

#include <algorithm>

#include "base/error.h"
#include "system/sim/connection.h"
#include "system/sim/datagrams.h"
#include "system/sim/listener.h"
#include "system/sim/world.h"

namespace shoal::sim {

namespace {
constexpr std::uint16_t kFirstFreePort = 49'152;
}

bool takes(const Endpoint& local, bool dual_stack, const Endpoint& to) {
  if (local.port != to.port) return false;
  if (local.address == to.address) return true;
  if (!local.address.is_unspecified()) return false;
  return local.address.is_v6() == to.address.is_v6() || (dual_stack && local.address.is_v6());
}

HostNetwork::HostNetwork(World& world, Host& host, std::uint32_t life)
    : world_(world), host_(host), next_number_(static_cast<std::uint64_t>(life) << 40) {}

HostNetwork::~HostNetwork() = default;

Waits& HostNetwork::waits() {
  return world_.waits();
}

bool HostNetwork::fires(std::string_view point) {
  return world_.faults().fires(point);
}

Task<void> HostNetwork::hang() {
  co_await waits().wait([](Waits::Id) {});
}

IpAddress HostNetwork::source_for(const IpAddress& remote) const {
  if (remote.is_loopback()) return remote;
  for (const auto& address : host_.options().addresses) {
    if (address.is_v6() == remote.is_v6()) return address;
  }
  throw Error(ErrorCode::unreachable, "no route to this host", remote.to_string());
}

bool HostNetwork::has_address(const IpAddress& address) const {
  const auto& ours = host_.options().addresses;
  return address.is_loopback() || std::ranges::find(ours, address) != ours.end();
}

void HostNetwork::check_local(const Endpoint& local) const {
  if (dead_) throw Error(ErrorCode::failed, "this host has crashed", local.to_string());
  const bool known = local.address.is_unspecified() || has_address(local.address);
  if (!known) throw Error(ErrorCode::failed, "not an address of this host", local.to_string());
}

bool HostNetwork::stream_port_taken(const Endpoint& local) const {
  return std::ranges::any_of(listeners_, [&local](const HostListener* other) {
    return takes(local, false, other->local()) || takes(other->local(), false, local);
  });
}

bool HostNetwork::datagram_port_taken(const Endpoint& local, bool reuse) const {
  return std::ranges::any_of(sockets_, [&local, reuse](const HostSocket* other) {
    if (reuse && other->reuses()) return false;
    return takes(local, false, other->local()) || takes(other->local(), false, local);
  });
}

std::uint16_t HostNetwork::free_port() {
  const auto taken = [this](std::uint16_t port) {
    const auto has_port = [port](const auto* other) { return other->local().port == port; };
    return std::ranges::any_of(listeners_, has_port) || std::ranges::any_of(sockets_, has_port);
  };
  do {
    if (++next_port_ < kFirstFreePort) next_port_ = kFirstFreePort;
  } while (taken(next_port_));
  return next_port_;
}

std::unique_ptr<Listener> HostNetwork::listen(Endpoint local, ListenOptions options) {
  check_local(local);
  if (fires("network.listen")) {
    throw Error(ErrorCode::failed, "no buffer space available", local.to_string());
  }
  if (local.port == 0) local.port = free_port();
  if (stream_port_taken(local)) {
    throw Error(ErrorCode::failed, "the address is already in use", local.to_string());
  }
  auto listener = std::make_unique<HostListener>(*this, local, options);
  listeners_.push_back(listener.get());
  return listener;
}

std::unique_ptr<DatagramSocket> HostNetwork::bind(Endpoint local, BindOptions options) {
  check_local(local);
  if (local.port == 0) local.port = free_port();
  if (datagram_port_taken(local, options.reuse)) {
    throw Error(ErrorCode::failed, "this address is taken already", local.to_string());
  }
  auto socket = std::make_unique<HostSocket>(*this, local, options);
  sockets_.push_back(socket.get());
  return socket;
}

std::vector<IpAddress> HostNetwork::local_addresses() {
  std::vector<IpAddress> out = {IpAddress::loopback_v4()};
  if (host_.reachable() && !dead_) {
    out.insert(out.end(), host_.options().addresses.begin(), host_.options().addresses.end());
  }
  return out;
}

bool HostNetwork::has_segment(std::uint32_t interface_index) const {
  const bool is_ours = interface_index == 0 || interface_index == kInterfaceIndex;
  return is_ours && !host_.options().lan.empty() && host_.reachable() && !dead_;
}

std::vector<NetworkInterface> HostNetwork::interfaces() {
  NetworkInterface loopback{.index = kLoopbackIndex,
                            .name = "lo",
                            .addresses = {{IpAddress::loopback_v4(), 8}},
                            .up = true,
                            .loopback = true};
  NetworkInterface other{.index = kInterfaceIndex,
                         .name = "eth0",
                         .addresses = {},
                         .up = host_.reachable() && !dead_,
                         .multicast = !host_.options().lan.empty()};
  for (const IpAddress& address : host_.options().addresses) {
    other.addresses.push_back({address, host_.options().prefix_bits});
  }
  std::ranges::sort(other.addresses);
  return {std::move(loopback), std::move(other)};
}

Task<std::unique_ptr<HostStream>> HostNetwork::connect(Endpoint remote, ConnectOptions options) {
  if (dead_) co_await hang();
  if (fires("network.connect")) {
    throw Error(ErrorCode::unreachable, "connection refused", remote.to_string());
  }
  remote.address = remote.address.normalised();
  const Endpoint local{.address = source_for(remote.address),
                       .port = options.local_port != 0 ? options.local_port : free_port()};
  if (find_connection(local, remote) != nullptr) {
    throw Error(ErrorCode::failed, "the local port has a connection there", remote.to_string());
  }
  Connection& connection = add_connection(local, remote);
  auto stream = connection.handle();
  co_await connection.establish();
  co_return stream;
}

Task<std::unique_ptr<Stream>> HostNetwork::connect_unix(std::string path) {
  throw Error(ErrorCode::unreachable, "no such socket", std::move(path));
  co_return nullptr;
}

Connection& HostNetwork::add_connection(Endpoint local, Endpoint remote) {
  const std::uint64_t number = ++next_number_;
  auto& slot = connections_[number];
  slot = std::make_unique<Connection>(*this, number, local, remote);
  by_endpoints_[{local, remote}] = number;
  return *slot;
}

Connection* HostNetwork::find_connection(const Endpoint& local, const Endpoint& remote) {
  const auto found = by_endpoints_.find({local, remote});
  return found == by_endpoints_.end() ? nullptr : find_connection(found->second);
}

void HostNetwork::remove_connection(std::uint64_t number) {
  // Not erase(number) alone: what the destructor does may look here again.
  const auto node = connections_.extract(number);
  if (!node) return;
  const auto named = by_endpoints_.find({node.mapped()->local(), node.mapped()->remote()});
  if (named != by_endpoints_.end() && named->second == number) by_endpoints_.erase(named);
}

Connection* HostNetwork::find_connection(std::uint64_t number) {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second.get();
}

void HostNetwork::send(PacketPtr packet) {
  if (dead_ || world_.ending()) return;
  packet->source = host_.index();
  world_.send(std::move(packet));
}

void HostNetwork::deliver(PacketPtr packet) {
  if (packet->kind == PacketKind::datagram) return deliver_datagram(*packet);
  if (packet->kind == PacketKind::syn) return deliver_syn(std::move(packet));
  Connection* connection = find_connection(packet->target_stream);
  const bool known = connection != nullptr && connection->local() == packet->to;
  if (known && !connection->broken()) {
    connection->receive(*packet);
  } else if (packet->kind != PacketKind::reset) {
    refuse(*packet);
  }
}

void HostNetwork::lost(PacketPtr packet) {
  if (packet->source_stream == 0) return;
  if (packet->kind == PacketKind::ack) {
    // The other side would miss it and ask again.
    Connection* other = world_.host(packet->target).find_connection(packet->target_stream);
    if (other != nullptr) other->probe_later();
    return;
  }
  Connection* connection = find_connection(packet->source_stream);
  if (connection != nullptr) connection->lost(std::move(packet));
}

void HostNetwork::deliver_datagram(const Packet& packet) {
  const bool looped = packet.to.address.is_loopback();
  const std::uint32_t interface_index = looped ? kLoopbackIndex : kInterfaceIndex;
  const bool to_group = packet.to.address.is_multicast();
  for (auto* socket : sockets_) {
    if (!takes(socket->local(), false, packet.to)) continue;
    if (to_group && !socket->is_member(packet.to.address, interface_index)) continue;
    socket->take(packet, interface_index);
    if (!to_group) return;
  }
}

HostListener* HostNetwork::listener_for(const Endpoint& local) const {
  for (auto* listener : listeners_) {
    if (takes(listener->local(), listener->dual_stack(), local)) return listener;
  }
  return nullptr;
}

void HostNetwork::deliver_syn(PacketPtr packet) {
  Connection* own = find_connection(packet->to, packet->from);
  if (own != nullptr && own->connecting()) return own->answer(*packet);
  HostListener* listener = listener_for(packet->to);
  if (listener == nullptr) return refuse(*packet);
  if (listener->full()) return world_.drop(std::move(packet));
  Connection& connection = add_connection(packet->to, packet->from);
  listener->begun(connection);
  connection.answer(*packet);
}

void HostNetwork::refuse(const Packet& packet) {
  auto answer = std::make_unique<Packet>();
  answer->kind = PacketKind::reset;
  answer->wire_bytes = Packet::kTcpHeaders;
  answer->from = packet.to;
  answer->to = packet.from;
  answer->target_stream = packet.source_stream;
  send(std::move(answer));
}

}  // namespace shoal::sim
