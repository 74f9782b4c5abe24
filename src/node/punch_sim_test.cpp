#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/framing.h"
#include "node/node.h"
#include "protocol/dcutr/hole_puncher.h"
#include "service/get.h"
#include "service/share.h"
#include "system/sim/nat.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

using sim::NatDependence;
using sim::NatOptions;
using sim::NatPorts;

constexpr std::uint16_t kPort = 4001;

NatOptions full_cone() {
  return {.filtering = NatDependence::none};
}
NatOptions restricted() {
  return {.filtering = NatDependence::address};
}
NatOptions port_restricted() {
  return {.filtering = NatDependence::address_and_port};
}
NatOptions symmetric() {
  return {.mapping = NatDependence::address_and_port, .ports = NatPorts::random};
}

/// Two nodes behind NATs of their own, and a relay in the open.
class Punch : public ::testing::Test {
 protected:
  struct Home {
    Home(sim::World& world, std::uint8_t number, NatOptions options) {
      options.address = IpAddress::v4({198, 51, 100, number});
      nat = std::make_unique<sim::Nat>(world, options);
      host = &world.add_host(
          {.addresses = {IpAddress::v4({192, 168, number, 2})}, .routed = false, .up = 2'000'000});
      nat->add(*host);
    }
    std::unique_ptr<sim::Nat> nat;
    sim::Host* host;
    std::unique_ptr<Node> node;
  };

  ~Punch() override {
    for (auto home = homes_.rbegin(); home != homes_.rend(); ++home) {
      if ((*home)->node) world.run((*home)->node->stop());
    }
    for (const auto& other : other_relays) world.run(other->stop());
    if (relay_) world.run(relay_->stop());
  }

  Node& relay(bool unlimited = true) {
    if (!relay_) {
      Config chosen = config();
      chosen.relay_service = unlimited;
      relay_ = std::make_unique<Node>(relay_host_.system(), std::move(chosen));
      relay_->start();
    }
    return *relay_;
  }
  Multiaddr relay_address() { return relay().addresses().front(); }

  /// With a place at the relay.
  Home& home(NatOptions options, bool plain = false) {
    const auto number = static_cast<std::uint8_t>(homes_.size() + 1);
    homes_.push_back(std::make_unique<Home>(world, number, options));
    Home& out = *homes_.back();
    Config chosen = config();
    chosen.relays = {relay_address()};
    chosen.plain_punching = plain;
    for (const auto& other : other_relays) chosen.relays.push_back(other->addresses().front());
    out.node = std::make_unique<Node>(out.host->system(), std::move(chosen));
    out.node->when_relay_refused([](const PeerId&, const std::string& why) {
      ADD_FAILURE() << "no place at the relay: " << why;
    });
    out.node->start();
    world.run_while_not([&] { return !out.node->awaits_relay(); });
    return out;
  }

  static Config config() {
    return {.home = "/home",
            .listen = {Multiaddr::tcp({IpAddress::any_v4(), kPort})},
            .connect = {},
            .agent = "shoal/test",
            .ephemeral = true};
  }

  /// By its address at the relay, and no other.
  void connect(Home& from, Home& to) {
    for (const Multiaddr& address : to.node->addresses()) {
      if (!address.has(AddressCode::p2p_circuit)) continue;
      from.node->swarm().peers().add_address(to.node->id(), address.without_peer(),
                                             net::AddressSource::given_by_user, 1h);
    }
    world.run(from.node->swarm().connect(to.node->id()));
  }
  static net::Path path(Home& from, Home& to) {
    return from.node->swarm().best(to.node->id())->path();
  }

  sim::World world{{.path = {.latency = 20ms}}};
  sim::Host& relay_host_ = world.add_host();
  std::vector<std::unique_ptr<Node>> other_relays;

 private:
  std::unique_ptr<Node> relay_;
  std::vector<std::unique_ptr<Home>> homes_;
};

TEST_F(Punch, port_restricted_nats_are_passed_in_a_second) {
  Home& a = home(port_restricted());
  Home& b = home(port_restricted());
  connect(a, b);
  EXPECT_EQ(path(a, b), net::Path::relay);
  world.run_for(1s);
  EXPECT_EQ(path(a, b), net::Path::punched);
  EXPECT_EQ(path(b, a), net::Path::punched);
  world.run_for(40s);
  EXPECT_EQ(a.node->swarm().connections().of(b.node->id()).size(), 1u) << "the relayed one is gone";
}

TEST_F(Punch, through_a_relay_with_limits) {
  relay(false);
  Home& a = home(port_restricted());
  Home& b = home(port_restricted());
  connect(a, b);
  world.run_for(1s);
  EXPECT_EQ(path(a, b), net::Path::punched);
}

TEST_F(Punch, symmetric_nats_stay_relayed) {
  Home& a = home(symmetric());
  Home& b = home(symmetric());
  connect(a, b);
  world.run_for(30s);
  EXPECT_EQ(path(a, b), net::Path::relay);
}

/// A public node, and one behind a NAT that knows only some such.
struct Choosing : Punch {
  std::unique_ptr<Node> open_node() {
    auto out = std::make_unique<Node>(world.add_host().system(), config());
    out->start();
    return out;
  }
  std::unique_ptr<Node> hidden_node(const std::vector<Node*>& known) {
    lone = std::make_unique<Home>(world, 77, port_restricted());
    Config chosen = config();
    for (Node* each : known) chosen.connect.push_back(each->addresses().front());
    auto out = std::make_unique<Node>(lone->host->system(), std::move(chosen));
    out->start();
    return out;
  }
  static bool is_relayed_by(const Node& node, const PeerId& relay) {
    const std::vector<Multiaddr> addresses = node.addresses();
    return std::ranges::any_of(addresses, [&](const Multiaddr& address) {
      const auto end = Multiaddr::parse("/p2p-circuit");
      return address.has(AddressCode::p2p_circuit) && address.decapsulate(end).peer() == relay;
    });
  }
  std::unique_ptr<Home> lone;
};

TEST_F(Choosing, a_hidden_node_takes_relays_that_it_meets_and_replaces_them) {
  std::vector<std::unique_ptr<Node>> open;
  std::vector<Node*> known;
  for (int i = 0; i < 3; ++i) {
    open.push_back(open_node());
    known.push_back(open.back().get());
  }
  const auto hidden = hidden_node(known);
  world.run_for(10s);
  const auto used = [&] {
    return std::ranges::count_if(
        known, [&](const Node* each) { return is_relayed_by(*hidden, each->id()); });
  };
  EXPECT_EQ(used(), 2);
  const auto first = std::ranges::find_if(
      known, [&](const Node* each) { return is_relayed_by(*hidden, each->id()); });
  world.run((*first)->stop());
  world.run_for(1min);
  EXPECT_FALSE(is_relayed_by(*hidden, (*first)->id()));
  EXPECT_EQ(used(), 2);
  for (Node* each : known) {
    if (each != *first) world.run(each->stop());
  }
  world.run(hidden->stop());
}

TEST_F(Choosing, an_open_node_takes_none) {
  const auto one = open_node();
  Config chosen = config();
  chosen.connect = {one->addresses().front()};
  Node two(world.add_host().system(), std::move(chosen));
  two.start();
  world.run_for(10s);
  EXPECT_FALSE(is_relayed_by(two, one->id()));
  world.run(two.stop());
  world.run(one->stop());
}

TEST_F(Punch, a_nat_that_takes_ports_in_order_is_foreseen) {
  relay();
  other_relays.push_back(std::make_unique<Node>(world.add_host().system(), config()));
  other_relays.back()->start();
  Home& a = home(port_restricted());
  Home& b = home({.mapping = NatDependence::address_and_port, .ports = NatPorts::sequential});
  world.run_for(5s);
  connect(a, b);
  world.run_for(20s);
  EXPECT_EQ(path(a, b), net::Path::punched);
}

struct Class {
  const char* name;
  NatOptions options;
};

bool is_cone(const NatOptions& options) {
  return options.mapping == NatDependence::none;
}

/// Two relays, so that a node can tell that its NAT shows each peer another port.
struct Guessing : Punch {
  Guessing() {
    relay();
    other_relays.push_back(std::make_unique<Node>(world.add_host().system(), config()));
    other_relays.back()->start();
  }
};

TEST_F(Guessing, a_symmetric_nat_is_met_by_opening_and_guessing_ports) {
  Home& a = home(port_restricted());
  Home& b = home(symmetric());
  Home& c = home(port_restricted());
  world.run_for(5s);
  connect(a, b);
  world.run_for(20s);
  EXPECT_EQ(path(a, b), net::Path::punched);
  EXPECT_EQ(path(b, a), net::Path::punched);
  connect(b, c);
  world.run_for(20s);
  EXPECT_EQ(path(b, c), net::Path::punched);
}

TEST_F(Guessing, two_symmetric_nats_are_not_sprayed) {
  Home& a = home(symmetric());
  Home& b = home(symmetric());
  world.run_for(5s);
  connect(a, b);
  world.run_for(30s);
  EXPECT_EQ(path(a, b), net::Path::relay);
  EXPECT_LT(a.nat->mappings() + b.nat->mappings(), dcutr::Spray::kOpen);
}

TEST_F(Guessing, not_by_a_node_that_keeps_to_the_spec) {
  Home& a = home(port_restricted());
  Home& b = home(symmetric(), true);
  world.run_for(5s);
  connect(a, b);
  world.run_for(30s);
  EXPECT_EQ(path(a, b), net::Path::relay);
}

TEST_F(Punch, classes_of_nats_are_passed_but_for_two_symmetric_ones) {
  const std::vector<Class> classes = {{"full cone", full_cone()},
                                      {"restricted", restricted()},
                                      {"port restricted", port_restricted()},
                                      {"symmetric", symmetric()}};
  for (const Class& from : classes) {
    for (const Class& to : classes) {
      const bool direct = is_cone(from.options) || is_cone(to.options);
      Home& a = home(from.options);
      Home& b = home(to.options);
      connect(a, b);
      world.run_for(30s);
      EXPECT_EQ(path(a, b) != net::Path::relay, direct) << from.name << " to " << to.name;
      EXPECT_EQ(path(a, b), path(b, a)) << from.name << " to " << to.name;
    }
  }
}

Task<void> ask_to_punch(net::Connection& connection) {
  const std::array<std::string, 1> protocols = {dcutr::kProtocol};
  net::ProtocolStream stream = co_await connection.open(protocols);
  const Bytes bytes = dcutr::Message{.type = dcutr::Message::Type::connect}.encode();
  co_await net::write_message(*stream.stream, bytes);
  co_await net::read_message(*stream.stream, dcutr::Message::kMaxBytes);
}

TEST_F(Punch, nobody_is_made_to_punch_over_a_direct_connection) {
  Home& a = home(port_restricted());
  net::Connection* direct = a.node->swarm().best(relay().id());
  ASSERT_EQ(direct->path(), net::Path::direct);
  EXPECT_THROW(world.run(ask_to_punch(*direct)), Error);
}

Task<content::ImportResult> index(service::Share& share, std::string path) {
  co_return co_await share.index({std::move(path)}, {});
}

TEST_F(Punch, a_download_moves_to_the_direct_path_without_losing_a_block) {
  constexpr std::size_t kBytes = 20'000'000;
  Home& a = home(port_restricted());
  Home& b = home(port_restricted());
  Bytes content(kBytes);
  for (std::size_t i = 0; i < kBytes; ++i) content[i] = static_cast<std::uint8_t>(i * i / 251);
  Storage& disk = b.host->system().storage;
  disk.open("/film", Access::create)->write_at(0, content);
  service::Share share(b.node->context(), b.node->done_listener());
  world.run(index(share, "/film"));
  service::Link link = share.link({});
  for (const Multiaddr& address : b.node->addresses()) {
    if (address.has(AddressCode::p2p_circuit)) link.providers.push_back(address);
  }
  const std::uint64_t before = relay().relay_server()->bytes_relayed();
  service::Get get(a.node->context(), {.link = link, .output = "/got", .timeout = 20s});
  const service::GetResult got = world.run(get.run());
  EXPECT_EQ(got.bytes, kBytes);
  EXPECT_EQ(got.blocks_duplicate, 0u);
  EXPECT_EQ(path(a, b), net::Path::punched);
  const std::uint64_t relayed = relay().relay_server()->bytes_relayed() - before;
  RecordProperty("relayed", std::to_string(relayed));
  EXPECT_LT(relayed, kBytes / 5);
  world.run(share.stop());
}

}  // namespace
}  // namespace shoal::node
