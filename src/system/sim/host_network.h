#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "system/network.h"
#include "system/sim/packet.h"
#include "system/waits.h"

namespace shoal::sim {

class Connection;
class Host;
class HostListener;
class HostSocket;
class World;

/// The network of one life of a host: its ports and its streams.
class HostNetwork final : public Network {
 public:
  static constexpr std::uint32_t kLoopbackIndex = 1;
  static constexpr std::uint32_t kInterfaceIndex = 2;

  /// `life` counts from 1; numbers of streams never come again in a later life.
  HostNetwork(World& world, Host& host, std::uint32_t life);
  ~HostNetwork() override;

  using Network::connect;
  Task<std::unique_ptr<HostStream>> connect(Endpoint remote, ConnectOptions options) override;
  Task<std::unique_ptr<Stream>> connect_unix(std::string path) override;
  std::unique_ptr<Listener> listen(Endpoint local, ListenOptions options) override;
  std::unique_ptr<DatagramSocket> bind(Endpoint local, BindOptions options) override;
  std::vector<IpAddress> local_addresses() override;
  std::vector<NetworkInterface> interfaces() override;

  void deliver(PacketPtr packet);
  void lost(PacketPtr packet);
  /// From now on nothing goes out and nothing comes in.
  void die() { dead_ = true; }
  bool dead() const { return dead_; }

  void send(PacketPtr packet);
  Connection& add_connection(Endpoint local, Endpoint remote);
  void remove_connection(std::uint64_t number);
  Connection* find_connection(std::uint64_t number);
  Connection* find_connection(const Endpoint& local, const Endpoint& remote);
  void remove(HostListener& listener) { std::erase(listeners_, &listener); }
  void remove(HostSocket& socket) { std::erase(sockets_, &socket); }
  /// Whether an interface leads to a segment that carries multicast; 0 is the one there may be.
  bool has_segment(std::uint32_t interface_index) const;
  std::size_t stream_count() const { return connections_.size(); }

  World& world() { return world_; }
  Host& host() { return host_; }
  bool fires(std::string_view point);
  Waits& waits();
  /// The address that packets to `remote` come from. Throws Error{unreachable} when there is none
  /// of its family.
  IpAddress source_for(const IpAddress& remote) const;
  bool has_address(const IpAddress& address) const;

 private:
  void check_local(const Endpoint& local) const;
  std::uint16_t free_port();
  bool stream_port_taken(const Endpoint& local) const;
  bool datagram_port_taken(const Endpoint& local, bool reuse) const;
  HostListener* listener_for(const Endpoint& local) const;
  void deliver_datagram(const Packet& packet);
  void deliver_syn(PacketPtr packet);
  void refuse(const Packet& packet);
  Task<void> hang();

  World& world_;
  Host& host_;
  bool dead_ = false;
  std::uint64_t next_number_;
  std::uint16_t next_port_ = 49'152;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // never iterated
  std::map<std::pair<Endpoint, Endpoint>, std::uint64_t> by_endpoints_;         // local, remote
  std::vector<HostListener*> listeners_;
  std::vector<HostSocket*> sockets_;
};

/// Whether something bound to `local` takes what was sent to `to`.
bool takes(const Endpoint& local, bool dual_stack, const Endpoint& to);

}  // namespace shoal::sim
