#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system/sim/disk.h"
#include "system/sim/paths.h"
#include "system/sim/rate_queue.h"
#include "system/system.h"

namespace shoal::sim {

class Connection;
class World;
class HostNetwork;
struct Life;

struct HostOptions {
  std::string name{};                  // "host-7" when empty
  std::vector<IpAddress> addresses{};  // a public IPv4 address of its own when empty
  std::string lan{};                   // what is sent to a group reaches the hosts of this segment
  std::uint8_t prefix_bits = 24;       // of the networks that its addresses are of
  bool routed = true;                  // false: nobody finds it by its addresses, as behind a NAT
  std::uint64_t up = 0;                // bytes per second; 0: no limit
  std::uint64_t down = 0;
  std::uint64_t queue_bytes = 0;  // before each of both lines; 0: what it carries in 100 ms
  std::uint32_t mtu = 1500;
  Place place{};

  /// Of a stream: how much may wait unread at the receiver, and unsent or on its way at the sender.
  std::uint64_t window_bytes = 4 << 20;
  /// How long a stream retransmits before it breaks.
  Duration retransmission_limit = std::chrono::seconds(30);
  /// How long connect() tries.
  Duration connect_limit = std::chrono::seconds(60);

  std::uint64_t disk_bytes = std::uint64_t{1} << 40;
  Duration offload_cost{};
};

/// A machine of a world. Has a System while it is up; a System of before a crash stays valid to
/// the touch until the world ends, but has no effect any more: its storage throws Error{io}, its
/// streams throw Error{closed}, new connections and accepts wait until cancelled, datagrams vanish.
class Host {
 public:
  Host(World& world, std::uint32_t index, HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  std::uint32_t index() const { return index_; }
  const std::string& name() const { return options_.name; }
  const HostOptions& options() const { return options_; }
  const IpAddress& address() const { return options_.addresses.front(); }
  World& world() { return world_; }

  /// Of the present life. The host must be up.
  System& system();
  Disk& disk() { return *disk_; }
  bool up() const { return life_ != nullptr; }

  /// Ends the present life without a word to anyone. The disk falls back to what was synced, and
  /// to as much of the rest as the seed chooses.
  void crash();
  /// Begins a life after a crash, on the same disk.
  System& restart();

  /// Plugs the network in or out; nothing else notices.
  void set_online(bool online) { online_ = online; }
  bool reachable() const { return online_ && up(); }
  /// Changes the addresses, as a machine that moves does. Streams from the old ones get no answer.
  void set_addresses(std::vector<IpAddress> addresses);

  RateQueue& up_line() { return up_; }
  RateQueue& down_line() { return down_; }
  /// Puts a hop between the host and its lines; the world must not outlive it.
  void add_outward_hop(Hop& hop) { outward_.push_back(&hop); }
  void add_inward_hop(Hop& hop) { inward_.push_back(&hop); }

  /// For the world: where a packet goes through on its way out and in, and its end.
  std::optional<TimePoint> pass_out(Packet& packet, TimePoint at);
  std::optional<TimePoint> pass_in(Packet& packet, TimePoint at);
  void deliver(PacketPtr packet);
  void lost(PacketPtr packet);

  Connection* find_connection(std::uint64_t number);

  std::size_t stream_count() const;

 private:
  World& world_;
  std::uint32_t index_;
  HostOptions options_;
  bool online_ = true;
  RateQueue up_;
  RateQueue down_;
  std::vector<Hop*> outward_;
  std::vector<Hop*> inward_;
  std::unique_ptr<Disk> disk_;
  Life* life_ = nullptr;
  std::vector<std::unique_ptr<Life>> lives_;  // the last may be the present one
};

}  // namespace shoal::sim
