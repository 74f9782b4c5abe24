#include "lab/nat_net.h"

#include <memory>
#include <utility>

#include "node/node.h"
#include "system/sim/home_router.h"
#include "system/sim/world.h"

namespace shoal::lab {

namespace {

using sim::NatDependence;
using sim::NatOptions;
using sim::NatPorts;

constexpr std::uint16_t kPort = 4001;
/// Hole punching has a round of 5 s, and two of 10 s at most.
constexpr Duration kPatience = 30s;
constexpr Duration kLatency = 20ms;

const NatOptions kPortRestricted{.filtering = NatDependence::address_and_port};
const NatOptions kSymmetric{.mapping = NatDependence::address_and_port, .ports = NatPorts::random};
const NatOptions kSymmetricInOrder{.mapping = NatDependence::address_and_port,
                                   .ports = NatPorts::sequential};

/// A node, and the routers before it.
class Home {
 public:
  Home(sim::World& world, std::uint8_t number, const NatClass& nats, std::vector<Multiaddr> relays,
       Punching punching) {
    sim::HostOptions options{.up = 4'000'000, .down = 4'000'000};
    if (!nats.boxes.empty()) {
      options.addresses = {IpAddress::v4({192, 168, number, 2})};
      options.routed = false;
    }
    host_ = &world.add_host(std::move(options));
    for (std::size_t i = 0; i < nats.boxes.size(); ++i) {
      const bool is_last = i + 1 == nats.boxes.size();
      NatOptions box = nats.boxes[i];
      box.address = is_last ? IpAddress::v4({198, 51, 100, number})
                            : IpAddress::v4({100, 64, number, static_cast<std::uint8_t>(i + 1)});
      nats_.push_back(std::make_unique<sim::Nat>(world, box));
      nats_.back()->add(*host_);
    }
    if (nats.forwards) {
      const IpAddress inside = IpAddress::v4({192, 168, number, 1});
      router_ = std::make_unique<sim::HomeRouter>(world, *nats_.front(), inside);
      router_->serve(*host_);
    }
    node::Config config{.home = "/home",
                        .listen = {Multiaddr::tcp({IpAddress::any_v4(), kPort})},
                        .connect = {},
                        .relays = std::move(relays),
                        .relay_service = false,
                        .port_mapping = punching == Punching::full,
                        .plain_punching = punching == Punching::plain,
                        .agent = "shoal/lab",
                        .ephemeral = true};
    config.relay_service = config.relays.empty();
    node_ = std::make_unique<node::Node>(host_->system(), std::move(config));
    node_->start();
  }

  node::Node& node() { return *node_; }
  void stop(sim::World& world) {
    world.run(node_->stop());
    if (router_) world.run(router_->stop());
  }

 private:
  std::vector<std::unique_ptr<sim::Nat>> nats_;
  std::unique_ptr<sim::HomeRouter> router_;
  sim::Host* host_ = nullptr;
  std::unique_ptr<node::Node> node_;
};

}  // namespace

const std::vector<NatClass>& nat_classes() {
  static const std::vector<NatClass> all = {
      {.name = "in the open", .boxes = {}, .looks_at_ports = false},
      {.name = "full cone",
       .boxes = {{.filtering = NatDependence::none}},
       .looks_at_ports = false,
       .share = 10},
      {.name = "address restricted",
       .boxes = {{.filtering = NatDependence::address}},
       .looks_at_ports = false,
       .share = 12},
      {.name = "forwards ports", .boxes = {kPortRestricted}, .forwards = true, .share = 16},
      {.name = "port restricted", .boxes = {kPortRestricted}, .share = 28},
      {.name = "behind a carrier's", .boxes = {kPortRestricted, kPortRestricted}, .share = 12},
      {.name = "symmetric in order",
       .boxes = {kSymmetricInOrder},
       .is_cone = false,
       .in_order = true,
       .share = 8},
      {.name = "symmetric", .boxes = {kSymmetric}, .is_cone = false, .share = 14},
  };
  return all;
}

bool can_meet(const NatClass& one, const NatClass& other) {
  if (one.is_cone && other.is_cone) return true;
  if (one.forwards || other.forwards) return true;
  return (one.is_cone && !one.looks_at_ports) || (other.is_cone && !other.looks_at_ports);
}

Meeting meet(const NatClass& from, const NatClass& to, std::uint64_t seed, Punching punching) {
  sim::World world({.name = "nat", .seed = seed, .path = {.latency = kLatency}});
  // Two relays, as a node has: what one alone sees does not tell which ports a NAT takes.
  const NatClass& open = nat_classes().front();
  Home relay(world, 1, open, {}, punching);
  Home second(world, 4, open, {}, punching);
  const std::vector<Multiaddr> relays = {relay.node().addresses().front(),
                                         second.node().addresses().front()};
  Home one(world, 2, from, relays, punching);
  Home other(world, 3, to, relays, punching);
  world.run_while_not([&] { return !other.node().awaits_relay() && !one.node().awaits_relay(); });
  world.run_for(3s);

  net::Swarm& swarm = one.node().swarm();
  const PeerId peer = other.node().id();
  for (const Multiaddr& address : other.node().addresses()) {
    if (!address.has(AddressCode::p2p_circuit)) continue;
    swarm.peers().add_address(peer, address.without_peer(), net::AddressSource::given_by_user, 1h);
  }
  const TimePoint begun = world.now();
  world.run(swarm.connect(peer));
  Meeting out{.connected = world.now() - begun};
  const TimePoint end = begun + kPatience;
  while (world.now() < end && swarm.best(peer)->path() == net::Path::relay) world.run_for(10ms);
  out.path = swarm.best(peer)->path();
  if (out.path != net::Path::relay) out.direct = world.now() - begun;
  for (Home* home : {&one, &other, &second, &relay}) home->stop(world);
  out.trace_hash = world.trace_hash();
  return out;
}

}  // namespace shoal::lab
