#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/network.h"
#include "system/time.h"

namespace shoal::cli {

/// One line of `shoal doctor`.
struct Check {
  enum class State { good, poor, bad };
  std::string name;
  State state = State::good;
  std::string finding;
  std::string advice{};  // empty when nothing needs to be done

  bool operator==(const Check&) const = default;
};
std::string_view name_of(Check::State state);

// What is known, and what it means. All of it pure: the command does the asking.

struct HomeFacts {
  std::string folder;
  std::uint16_t port = 0;                     // it listens here
  std::optional<std::uint16_t> port_taken{};  // instead of this one
  bool is_first = true;                       // else another node runs in this home
};
Check check_home(const HomeFacts& facts);

/// `newest`: when something in the home was written last, as far as is known.
Check check_clock(WallTime now, std::optional<WallTime> newest);

/// How many files and sockets the process may have open.
Check check_files(std::size_t most);

/// The kernel's bounds on buffers of UDP sockets, in bytes; none where it has no such bounds.
Check check_udp_buffers(std::optional<std::uint64_t> receive, std::optional<std::uint64_t> send);

Check check_interfaces(const std::vector<NetworkInterface>& interfaces);
Check check_ipv4(const std::vector<NetworkInterface>& interfaces);
Check check_ipv6(const std::vector<NetworkInterface>& interfaces);

/// What became of datagrams.
struct UdpFacts {
  bool can_bind = true;
  SendResult sent = SendResult::sent;  // the worst that a send said
  bool came_back = true;               // one sent to this host itself arrived
  std::size_t peers_asked = 0;         // by QUIC
  std::size_t peers_answered = 0;
};
Check check_udp(const UdpFacts& facts);

struct PeerFacts {
  std::size_t named = 0;  // by --connect and --bootstrap
  std::size_t connected = 0;
  std::size_t relayed = 0;  // of these, by a relay
  std::vector<std::string> failures{};
};
Check check_peers(const PeerFacts& facts);

/// Where a peer sees a connection of this node, and where that comes from at this end.
struct Seen {
  Endpoint ours;
  Endpoint seen;
  bool udp = false;
};
/// What stands between this host and the peers. `own`: the addresses of its interfaces.
Check check_nat(const std::vector<Seen>& seen, const std::vector<IpAddress>& own);

/// What the router of the local network forwards on request.
struct MappingFacts {
  bool asked = true;                // else --no-port-mapping
  bool has_private_address = true;  // by IPv4; else there is no router to ask
  std::string protocol{};
  std::vector<std::string> mapped{};  // addresses of this node
  std::string failure{};              // why there are none
};
Check check_port_mapping(const MappingFacts& facts);

/// What others found who dialled the addresses of this node.
struct ReachFacts {
  std::size_t peers_that_try = 0;
  std::vector<std::string> reached{};
  std::vector<std::string> not_reached{};
  std::size_t relays = 0;  // that hold a place for this node
};
Check check_reachability(const ReachFacts& facts);

struct DhtFacts {
  bool server = false;
  std::size_t peers = 0;
};
Check check_dht(const std::optional<DhtFacts>& facts);

}  // namespace shoal::cli
