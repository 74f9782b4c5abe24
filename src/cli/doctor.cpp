#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/doctor_checks.h"
#include "routing/dht_network.h"
#include "system/join.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// Where nobody listens (RFC 5737): what matters is whether this host lets the datagram go.
const Endpoint kNowhere{IpAddress::v4({192, 0, 2, 1}), 9};

/// The IP and the TCP or UDP port that an address begins with.
std::optional<Endpoint> endpoint_in(const Multiaddr& address) {
  const auto ip = address.ip();
  if (!ip) return std::nullopt;
  for (const Multiaddr::Component& each : address.components()) {
    const bool has_port = each.code == AddressCode::tcp || each.code == AddressCode::udp;
    if (!has_port || each.value.size() != 2) continue;
    return Endpoint{*ip, static_cast<std::uint16_t>(each.value[0] << 8 | each.value[1])};
  }
  return std::nullopt;
}

/// A number that the kernel tells in a file.
std::optional<std::uint64_t> kernel_number(Storage& storage, const std::string& path) {
  try {
    Bytes text(32);
    text.resize(storage.open(path, Access::read)->read_at(0, text));
    std::uint64_t number = 0;
    const auto* const begin = reinterpret_cast<const char*>(text.data());
    if (std::from_chars(begin, begin + text.size(), number).ec == std::errc()) return number;
  } catch (const Error&) {
    // Another kernel.
  }
  return std::nullopt;
}

/// Looks at this machine, its network, and how both look from outside, and says what to do.
class DoctorCommand final : public Command {
 public:
  Task<void> run(Session& session) override {
    session_ = &session;
    session.serve_dht();
    node_ = &session.start_node();
    look_at_machine();
    look_at_interfaces();
    co_await meet_peers();
    co_await try_udp();
    look_from_outside();
    for (const PeerId& peer : moved_) co_await move_back(peer);
    co_await look_at_router();
    co_await wait_for_identify();
    co_await wait_for_dial_backs();
    tell(check_reachability(reach()));
    look_at_dht();
    if (bad_.empty()) co_return;
    throw Error(ErrorCode::failed,
                fmt::format("{} of {} checks {} bad: {}", bad_.size(), told_,
                            bad_.size() == 1 ? "is" : "are", fmt::join(bad_, ", ")));
  }

 private:
  static constexpr Duration kConnectTime = 10s;
  static constexpr Duration kIdentifyTime = 3s;
  static constexpr Duration kDialBackTime = 45s;
  static constexpr Duration kLook = 100ms;
  static constexpr Duration kTripTime = 1s;
  static constexpr Duration kQuicTime = 6s;
  static constexpr Duration kRouterTime = 10s;
  static constexpr Duration kAddressLifetime = 24h;
  /// Peers that UDP is tried with.
  static constexpr std::size_t kMaxUdpPeers = 3;

  System& system() { return session_->system(); }
  net::Swarm& swarm() { return node_->swarm(); }

  void tell(const Check& check) {
    ++told_;
    if (check.state == Check::State::bad) bad_.push_back(check.name);
    Output& output = session_->output();
    output.event({{"event", "check"},
                  {"name", check.name},
                  {"state", name_of(check.state)},
                  {"finding", check.finding},
                  {"advice", check.advice}});
    output.result(fmt::format("{:<5} {:<13} {}", name_of(check.state), check.name, check.finding));
    if (!check.advice.empty()) output.result(fmt::format("{:19} {}", "", check.advice));
  }

  void look_at_machine() {
    Storage& storage = system().storage;
    const std::string folder = node_->home().folder();
    HomeFacts home{
        .folder = folder, .port_taken = node_->port_taken(), .is_first = node_->home().is_first()};
    for (const Multiaddr& address : node_->addresses()) {
      if (const auto endpoint = endpoint_in(address)) home.port = endpoint->port;
    }
    tell(check_home(home));
    std::optional<WallTime> newest;
    if (const auto key = storage.info(folder + "/identity.key")) newest = key->mtime;
    tell(check_clock(system().clock.wall_now(), newest));
    tell(check_files(system().network.max_open_files()));
    tell(check_udp_buffers(kernel_number(storage, "/proc/sys/net/core/rmem_max"),
                           kernel_number(storage, "/proc/sys/net/core/wmem_max")));
  }

  void look_at_interfaces() {
    interfaces_ = system().network.interfaces();
    tell(check_interfaces(interfaces_));
    tell(check_ipv4(interfaces_));
    tell(check_ipv6(interfaces_));
  }

  /// Those that the user named, side by side.
  Task<void> meet_peers() {
    const CommonOptions& options = session_->options();
    for (const auto* list : {&options.connect, &options.bootstrap}) {
      for (const Multiaddr& address : *list) {
        named_.insert(*address.peer());
        swarm().peers().add_address(*address.peer(), address.without_peer(),
                                    net::AddressSource::given_by_user, kAddressLifetime);
      }
    }
    TaskGroup meeting(system().waits, "doctor");
    for (const PeerId& peer : named_) meeting.spawn(meet(peer));
    co_await join_or_stop(meeting);
    co_await wait_for_identify();
    peers_.named = named_.size();
    tell(check_peers(peers_));
  }

  /// Until those who are connected have told where they see this node.
  Task<void> wait_for_identify() {
    const auto identified = [this] {
      return std::ranges::all_of(named_, [this](const PeerId& peer) {
        return swarm().best(peer) == nullptr || node_->identify().observed().contains(peer);
      });
    };
    co_await wait_until(kIdentifyTime, identified);
  }

  Task<void> meet(PeerId peer) {
    try {
      co_await within(system().clock, kConnectTime, swarm().connect(peer), "connecting");
    } catch (const Error& error) {
      peers_.failures.push_back(error.what());
      co_return;
    }
    ++peers_.connected;
    const net::Connection* connection = swarm().best(peer);
    if (connection != nullptr && connection->path() == net::Path::relay) ++peers_.relayed;
  }

  template <class Condition>
  Task<void> wait_until(Duration most, Condition condition) {
    const TimePoint deadline = session_->now() + most;
    while (!condition() && session_->now() < deadline) co_await system().clock.sleep_for(kLook);
  }

  Task<void> try_udp() {
    UdpFacts facts;
    IpAddress own = IpAddress::loopback_v4();
    for (const NetworkInterface& each : interfaces_) {
      for (const InterfaceAddress& at : each.addresses) {
        if (each.up && !each.loopback && !at.address.is_v6()) own = at.address;
      }
    }
    try {
      const auto socket = system().network.bind({IpAddress::any_v4(), 0});
      const Bytes datagram(1);
      facts.sent = socket->send(kNowhere, datagram);
      const Endpoint back{own, socket->local().port};
      if (socket->send(back, datagram) == SendResult::failed) facts.sent = SendResult::failed;
      Bytes buffer(16);
      Task<DatagramSocket::Received> arriving = socket->receive(buffer);
      co_await within(system().clock, kTripTime, std::move(arriving), "a datagram");
    } catch (const Error& error) {
      facts.came_back = error.code() != ErrorCode::timeout;
      facts.can_bind = error.code() != ErrorCode::failed;
    }
    for (const PeerId& peer : named_) {
      if (facts.peers_asked < kMaxUdpPeers) co_await try_quic(peer, facts);
    }
    co_await wait_for_identify();
    tell(check_udp(facts));
  }

  /// Connects anew, by QUIC alone. What was there comes back afterwards.
  Task<void> try_quic(PeerId peer, UdpFacts& facts) {
    const net::Connection* connection = swarm().best(peer);
    if (connection == nullptr || connection->path() == net::Path::relay) co_return;
    if (connection->remote().has(AddressCode::udp)) {
      ++facts.peers_asked;
      ++facts.peers_answered;
      co_return;
    }
    net::DialOptions options;
    for (const Multiaddr& address : swarm().peers().addresses(peer)) {
      if (address.has(AddressCode::udp) && !address.has(AddressCode::p2p_circuit)) {
        options.addresses.push_back(address);
      }
    }
    if (options.addresses.empty()) co_return;
    ++facts.peers_asked;
    swarm().disconnect(peer);
    co_await wait_until(kTripTime, [this, peer] { return swarm().best(peer) == nullptr; });
    try {
      Task<net::ConnectionId> dialing = swarm().dial(peer, std::move(options));
      co_await within(system().clock, kQuicTime, std::move(dialing), "QUIC");
      ++facts.peers_answered;
      moved_.insert(peer);
      co_return;
    } catch (const Error& error) {
      log_info("no QUIC to {}: {}", peer.to_string(), error.what());
    }
    try {
      co_await within(system().clock, kConnectTime, swarm().connect(peer), "connecting");
    } catch (const Error& error) {
      log_info("{}", error.what());
    }
  }

  /// To the way that the user named: peers that dial back may know no QUIC.
  Task<void> move_back(PeerId peer) {
    net::DialOptions options;
    for (const auto* list : {&session_->options().connect, &session_->options().bootstrap}) {
      for (const Multiaddr& address : *list) {
        if (address.peer() == peer) options.addresses.push_back(address.without_peer());
      }
    }
    swarm().disconnect(peer);
    co_await wait_until(kTripTime, [this, peer] { return swarm().best(peer) == nullptr; });
    try {
      Task<net::ConnectionId> dialing = swarm().dial(peer, std::move(options));
      co_await within(system().clock, kConnectTime, std::move(dialing), "connecting");
    } catch (const Error& error) {
      log_info("{}", error.what());
    }
  }

  Task<void> look_at_router() {
    MappingFacts facts{.asked = session_->options().port_mapping, .has_private_address = false};
    for (const Multiaddr& address : node_->addresses()) {
      const auto ip = address.ip();
      const bool is_private = ip && !ip->is_v6() && net::path_of(address) == net::Path::lan;
      facts.has_private_address |= is_private;
    }
    const portmap::PortMapper* const mapper = node_->port_mapper();
    if (mapper != nullptr && facts.has_private_address) {
      co_await wait_until(kRouterTime, [mapper] { return mapper->has_tried(); });
      facts.failure = mapper->failure();
      facts.protocol = mapper->protocol();
      for (const auto& [port, outside] : mapper->mappings()) {
        facts.mapped.push_back(outside.to_string() + (port.udp ? " by UDP" : " by TCP"));
      }
    }
    tell(check_port_mapping(facts));
  }

  void look_from_outside() {
    std::vector<Seen> seen;
    for (const auto& [peer, address] : node_->identify().observed()) {
      const net::Connection* connection = swarm().best(peer);
      if (connection == nullptr) continue;
      const net::Path path = connection->path();
      if (path != net::Path::direct && path != net::Path::punched) continue;
      const auto ours = endpoint_in(connection->local());
      const auto theirs = endpoint_in(address);
      if (!ours || !theirs) continue;
      seen.push_back({.ours = *ours, .seen = *theirs, .udp = address.has(AddressCode::udp)});
    }
    tell(check_nat(seen, system().network.local_addresses()));
  }

  /// Peers take their time to dial back, one address after the other.
  Task<void> wait_for_dial_backs() {
    const auto known = [this] {
      const autonat::Reachability& reachability = node_->reachability();
      if (peers_.connected == 0 || reachability.servers().empty()) return true;
      const auto states = reachability.states();
      const bool all_tried = std::ranges::none_of(
          states, [](const auto& one) { return one.second == autonat::Reachable::unknown; });
      return reachability.is_reachable() || (all_tried && !states.empty());
    };
    if (!known()) session_->output().note("waiting for peers to dial back …");
    co_await wait_until(session_->options().timeout.value_or(kDialBackTime), known);
  }

  ReachFacts reach() const {
    ReachFacts out{.peers_that_try = node_->reachability().servers().size()};
    for (const auto& [address, state] : node_->reachability().states()) {
      if (state == autonat::Reachable::yes) out.reached.push_back(address.to_string());
      if (state == autonat::Reachable::no) out.not_reached.push_back(address.to_string());
    }
    const Multiaddr circuit = Multiaddr::parse("/p2p-circuit");
    std::set<PeerId> relays;
    for (const Multiaddr& address : node_->addresses()) {
      if (!address.has(AddressCode::p2p_circuit)) continue;
      if (const auto relay = address.decapsulate(circuit).peer()) relays.insert(*relay);
    }
    out.relays = relays.size();
    return out;
  }

  void look_at_dht() {
    routing::DhtNetwork* const network = node_->dht();
    if (network == nullptr) return tell(check_dht({}));
    tell(check_dht(DhtFacts{.server = network->dht().server() != nullptr,
                            .peers = network->dht().table().size()}));
  }

  Session* session_ = nullptr;
  node::Node* node_ = nullptr;
  std::vector<NetworkInterface> interfaces_;
  std::set<PeerId> named_;
  std::set<PeerId> moved_;  // by try_quic()
  PeerFacts peers_;
  std::size_t told_ = 0;
  std::vector<std::string> bad_;
};

}  // namespace

std::unique_ptr<Command> make_doctor() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace shoal::cli
