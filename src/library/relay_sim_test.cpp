#include <algorithm>

#include "library/two_hosts.h"

namespace shoal::testing {
namespace {

using ::testing::HasSubstr;

/// `here` relays; a third node reaches the other one by it alone.
class Relayed : public ::testing::Test {
 protected:
  static std::string circuit_of(const Node& node) {
    const std::vector<std::string> all = node.addresses();
    const auto found = std::ranges::find_if(
        all, [](const std::string& each) { return each.find("/p2p-circuit/") != each.npos; });
    return found == all.end() ? std::string() : *found;
  }

  Simulation world;
  SimulatedHost relay_host = world.add_host();
  SimulatedHost hidden_host = world.add_host();
  SimulatedHost other_host = world.add_host();
};

TEST_F(Relayed, a_node_is_reached_through_its_relay) {
  Node relay(relay_host, {.relay_service = true});
  relay.start();
  Node hidden(hidden_host, {.relays = {relay.addresses().front()}});
  hidden.serve(kEcho, echo);
  hidden.start();
  Node other(other_host);
  other.start();
  world.partition({hidden_host}, {other_host});
  world.run_for(5s);
  const std::string address = circuit_of(hidden);
  EXPECT_THAT(address, HasSubstr(relay.peer_id()));
  const auto work = [&](std::string& answer) -> Async<void> {
    answer = co_await ask(other, address, kEcho, "hello");
  };
  std::string answer;
  other.run(work(answer));
  EXPECT_EQ(answer, "hello");
  EXPECT_THAT(other.peers().back().address,
              ::testing::AnyOf(HasSubstr("p2p-circuit"), HasSubstr(relay_host.ip())));
}

TEST_F(Relayed, a_relay_without_an_id_is_refused) {
  const NodeOptions options{.relays = {"/ip4/192.0.2.1/tcp/4001"}};
  try {
    Node node(hidden_host, options);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
  }
}

}  // namespace
}  // namespace shoal::testing
