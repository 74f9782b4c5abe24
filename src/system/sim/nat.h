#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "system/sim/packet.h"
#include "system/sim/random.h"

namespace shoal::sim {

class Host;
class World;

/// What of the other side a NAT looks at (RFC 4787, sections 4.1 and 5).
enum class NatDependence : std::uint8_t { none, address, address_and_port };

/// Which public port a new mapping gets (RFC 4787, section 4.2).
enum class NatPorts : std::uint8_t { preserved, sequential, random };

struct NatOptions {
  IpAddress address{};  // the public one
  /// Whether hosts behind it have one public port for all destinations, or one for each.
  NatDependence mapping = NatDependence::none;
  /// Who may use a mapping from outside: anybody, or whoever was sent something through it.
  NatDependence filtering = NatDependence::address_and_port;
  NatPorts ports = NatPorts::preserved;
  /// Hosts behind it may reach each other by its public address.
  bool hairpin = false;
  /// How long a mapping lasts after the last packet out.
  Duration datagram_timeout = 2min;
  Duration stream_timeout = 2h;
};

/// A box that hides hosts behind one public address, for datagrams and streams alike. Refuses
/// silently. Hosts behind it have private addresses and `routed = false`; they reach each other
/// directly, and nobody else reaches those.
class Nat {
 public:
  /// The world must not outlive it.
  Nat(World& world, NatOptions options);
  ~Nat();
  Nat(const Nat&) = delete;
  Nat& operator=(const Nat&) = delete;

  /// Once for each host.
  void add(Host& host);
  /// A forwarded port, as a router's owner or a protocol sets it up: anybody may use it. `outside`
  /// may be 0 or taken, then another one is given. Lasts until unforward().
  std::uint16_t forward(bool stream, Endpoint inside, std::uint16_t outside);
  void unforward(bool stream, std::uint16_t outside);
  bool forwards(bool stream, std::uint16_t outside) const;
  /// Of a restart: the NAT gets another address, and forgets every mapping, forwarded ones too.
  void move_to(IpAddress address);
  const IpAddress& address() const { return options_.address; }
  std::size_t mappings() const { return by_port_.size(); }
  /// Forgets every mapping, as after a restart.
  void forget();

 private:
  class Outward;
  class Inward;
  /// Streams and datagrams have ports of their own.
  using Port = std::pair<bool, std::uint16_t>;
  struct Key {
    bool stream;
    Endpoint inside;
    Endpoint outside;  // as far as the mapping depends on it
    auto operator<=>(const Key&) const = default;
  };
  struct Mapping {
    Key key;
    std::uint32_t host;
    TimePoint used;
    std::set<Endpoint> sent_to;  // as far as the filter looks
    bool forwarded = false;      // does not end, and filters nothing
  };

  bool pass_out(Packet& packet, std::uint32_t host, TimePoint at);
  bool pass_in(Packet& packet, TimePoint at);
  std::optional<std::uint32_t> route(const Packet& packet) const;
  bool is_behind(std::uint32_t host) const;
  bool expired(const Mapping& mapping, TimePoint at) const;
  std::uint16_t free_port(bool stream, std::uint16_t inside, TimePoint at);
  bool is_free(Port port, TimePoint at);

  World& world_;
  NatOptions options_;
  SeededRandom random_;
  std::uint16_t next_port_ = 20'000;
  std::vector<std::uint32_t> hosts_;
  std::map<Key, std::uint16_t> by_key_;
  std::map<Port, Mapping> by_port_;
  std::vector<std::unique_ptr<Hop>> hops_;
};

}  // namespace shoal::sim
