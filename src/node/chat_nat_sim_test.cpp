// Chats between people behind NATs, with one node in the open: on virtual time, so that what is
// promised does not depend on how busy this machine is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "node/node.h"
#include "service/chat.h"
#include "system/sim/nat.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

using service::Chat;
using service::ChatEvent;
using service::ChatRoom;
using ::testing::ElementsAre;

Config hidden_config(const IpAddress& address) {
  Config out;
  out.home = "/home";
  out.listen = {Multiaddr::tcp({address, 4001})};
  out.agent = "shoal/test";
  out.dht = true;
  out.ephemeral = true;
  return out;
}

/// Somebody at home, behind a router.
struct HiddenPerson {
  HiddenPerson(sim::World& its_world, std::uint8_t number, sim::NatOptions options,
               const Multiaddr& way_in, const std::string& name)
      : world(its_world) {
    options.address = IpAddress::v4({198, 51, 100, number});
    nat = std::make_unique<sim::Nat>(world, options);
    host = &world.add_host({.addresses = {IpAddress::v4({192, 168, number, 2})}, .routed = false});
    nat->add(*host);
    Config config = hidden_config(IpAddress::any_v4());
    config.bootstrap = {way_in};
    node = std::make_unique<Node>(host->system(), std::move(config));
    node->start();
    chat = std::make_unique<Chat>(host->system(), node->swarm(), node->topics(),
                                  Chat::Options{ChatRoom::open_to_all("picnic"), name});
    chat->start();
  }
  HiddenPerson(const HiddenPerson&) = delete;
  HiddenPerson& operator=(const HiddenPerson&) = delete;

  void leave() {
    world.run(chat->stop());
    world.run(node->stop());
  }

  /// "+ben", "-ben", "ben: hello".
  std::vector<std::string> events() {
    std::vector<std::string> out;
    while (const auto event = chat->next_event()) {
      switch (event->kind) {
        case ChatEvent::Kind::joined:
          out.push_back("+" + event->name);
          break;
        case ChatEvent::Kind::left:
          out.push_back("-" + event->name);
          break;
        default:
          out.push_back(event->name + ": " + event->text);
      }
    }
    return out;
  }

  sim::World& world;
  std::unique_ptr<sim::Nat> nat;
  sim::Host* host;
  std::unique_ptr<Node> node;
  std::unique_ptr<Chat> chat;
};

class ChatsAcrossNats : public ::testing::TestWithParam<sim::NatOptions> {
 protected:
  ChatsAcrossNats() {
    hub_ = std::make_unique<Node>(hub_host_.system(), hidden_config(hub_host_.address()));
    hub_->start();
    world.run_for(5s);
  }
  ~ChatsAcrossNats() override {
    // The routers stay until nothing is under way any more.
    for (const auto& person : people) person->leave();
    world.run(hub_->stop());
  }
  HiddenPerson& add(const std::string& name) {
    const Multiaddr way_in = Multiaddr::tcp({hub_host_.address(), 4001}).with_peer(hub_->id());
    const auto number = static_cast<std::uint8_t>(people.size() + 1);
    people.push_back(std::make_unique<HiddenPerson>(world, number, GetParam(), way_in, name));
    return *people.back();
  }

  sim::World world{{.path = {.latency = 20ms}}};
  std::vector<std::unique_ptr<HiddenPerson>> people;

 private:
  sim::Host& hub_host_ = world.add_host();
  std::unique_ptr<Node> hub_;
};

TEST_P(ChatsAcrossNats, two_meet_within_2s_and_talk) {
  HiddenPerson& ann = add("ann");
  world.run_for(3s);
  HiddenPerson& ben = add("ben");
  world.run_for(2s);
  EXPECT_THAT(ann.events(), ElementsAre("+ben"));
  EXPECT_THAT(ben.events(), ElementsAre("+ann"));
  world.run(ann.chat->say("hello"));
  world.run_for(1s);
  EXPECT_THAT(ben.events(), ElementsAre("ann: hello"));
}

TEST_P(ChatsAcrossNats, two_who_begin_at_once_meet_within_2s) {
  HiddenPerson& ann = add("ann");
  HiddenPerson& ben = add("ben");
  world.run_for(2s);
  EXPECT_THAT(ann.events(), ElementsAre("+ben"));
  EXPECT_THAT(ben.events(), ElementsAre("+ann"));
}

TEST_P(ChatsAcrossNats, one_whose_machine_dies_is_off_the_list_within_15s) {
  HiddenPerson& ann = add("ann");
  HiddenPerson& ben = add("ben");
  world.run_for(5s);
  HiddenPerson& eve = add("eve");
  world.run_for(5s);
  ann.events();
  ben.events();
  eve.host->set_online(false);
  world.run_for(15s);
  EXPECT_THAT(ann.events(), ElementsAre("-eve"));
  EXPECT_THAT(ben.events(), ElementsAre("-eve"));
  eve.host->set_online(true);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ChatsAcrossNats,
    ::testing::Values(sim::NatOptions{.filtering = sim::NatDependence::address_and_port},
                      sim::NatOptions{.mapping = sim::NatDependence::address_and_port,
                                      .ports = sim::NatPorts::random}),
    [](const auto& each) {
      return each.param.ports == sim::NatPorts::random ? "symmetric" : "home_router";
    });

}  // namespace
}  // namespace shoal::node
