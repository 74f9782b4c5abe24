#include "lab/talk_net.h"

#include <utility>

namespace shoal::lab {

namespace {

constexpr std::uint16_t kTalkPort = 4001;
constexpr std::uint64_t kTalkLine = 2'000'000;
constexpr Duration kTalkLatency = 20ms;

}  // namespace

TalkNet::TalkNet(std::uint64_t seed, std::size_t nodes)
    : world_({.name = "talk", .seed = seed, .path = {.latency = kTalkLatency}}) {
  for (std::size_t i = 0; i < nodes; ++i) add(i + kHidden >= nodes);
  world_.run_while_not(
      [this] { return !node(size() - 1).awaits_relay() && !node(size() - 2).awaits_relay(); });
}

TalkNet::~TalkNet() {
  for (Member& member : members_) world_.run(member.node->stop());
}

void TalkNet::add(bool hidden) {
  Member member;
  const auto number = static_cast<std::uint8_t>(members_.size() + 1);
  sim::HostOptions host{.up = kTalkLine, .down = kTalkLine, .queue_bytes = kTalkLine};
  if (hidden) {
    host.addresses = {IpAddress::v4({192, 168, number, 2})};
    host.routed = false;
  } else {
    host.addresses = {IpAddress::v4({203, number, 1, 7})};
  }
  member.host = &world_.add_host(std::move(host));
  node::Config config{.home = "/home",
                      .listen = {Multiaddr::tcp({IpAddress::any_v4(), kTalkPort})},
                      .connect = {},
                      .dht = true,
                      .relay_service = members_.empty(),
                      .agent = "shoal/lab",
                      .ephemeral = true};
  if (!members_.empty()) config.bootstrap = {node(0).addresses().front()};
  if (hidden) {
    sim::NatOptions symmetric = nat_classes().back().boxes.front();
    symmetric.address = IpAddress::v4({198, 51, 100, number});
    member.nat = std::make_unique<sim::Nat>(world_, symmetric);
    member.nat->add(*member.host);
    config.relays = config.bootstrap;
  }
  member.node = std::make_unique<node::Node>(member.host->system(), std::move(config));
  member.node->start();
  members_.push_back(std::move(member));
}

Duration TalkNet::round_trip(std::size_t one, std::size_t other) const {
  return world_.round_trip(*members_[one].host, *members_[other].host);
}

std::vector<double> TalkNet::take_sent() {
  std::vector<double> out;
  for (Member& member : members_) {
    const std::uint64_t now = member.host->up_line().bytes_passed();
    out.push_back(static_cast<double>(now - std::exchange(member.told, now)));
  }
  return out;
}

}  // namespace shoal::lab
