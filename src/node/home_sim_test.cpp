#include "node/home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/error.h"
#include "node/node.h"
#include "node/status.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

using ::testing::Contains;
using ::testing::SizeIs;

/// Several nodes in one home on one host.
class OneHome : public ::testing::Test {
 protected:
  Config config() const {
    return {.home = "/home",
            .listen = {Multiaddr::tcp({host.address(), 0})},
            .connect = {},
            .agent = "shoal/test"};
  }
  std::unique_ptr<Node> start() {
    auto node = std::make_unique<Node>(host.system(), config());
    node->start();
    return node;
  }
  void stop(std::unique_ptr<Node>& node) {
    world.run(node->stop());
    node.reset();
  }
  Multihash put(Node& node, std::string_view text) {
    const Multihash hash = Multihash::sha2_256(as_bytes(text));
    node.store().put(hash, as_bytes(text));
    return hash;
  }
  /// A file with a block for its whole content.
  Multihash place(Node& node, const std::string& path) {
    storage.open(path, Access::create)->write_at(0, as_bytes(path));
    const auto stamp = content::FileStamp::of(*storage.info(path));
    const Multihash hash = Multihash::sha2_256(as_bytes(path));
    node.store().put_extent(hash, node.store().add_file(path, stamp), 0, stamp.size);
    node.store().commit();
    return hash;
  }

  sim::World world;
  sim::Host& host = world.add_host();
  Storage& storage = host.system().storage;
};

TEST_F(OneHome, nodes_beside_the_first_have_ids_of_their_own) {
  auto first = start();
  auto second = start();
  auto third = start();
  EXPECT_TRUE(first->home().is_first());
  EXPECT_FALSE(second->home().is_first());
  EXPECT_NE(first->id(), second->id());
  EXPECT_NE(second->id(), third->id());
  const PeerId second_id = second->id();
  stop(second);
  second = start();
  EXPECT_EQ(second->id(), second_id) << "the same folder, the same key";
  for (auto* node : {&first, &second, &third}) stop(*node);
}

TEST_F(OneHome, place_of_the_first_node_is_free_when_it_has_ended) {
  auto first = start();
  const PeerId id = first->id();
  auto second = start();
  stop(first);
  auto third = start();
  EXPECT_EQ(third->id(), id);
  stop(second);
  stop(third);
}

TEST_F(OneHome, next_node_beside_knows_what_the_first_has_indexed) {
  auto first = start();
  const Multihash node = put(*first, "a node");
  const Multihash leaf = place(*first, "/file");
  auto second = start();
  EXPECT_TRUE(second->store().has(node));
  EXPECT_TRUE(second->store().has(leaf));
  stop(second);
  stop(first);
}

TEST_F(OneHome, first_node_takes_over_what_others_have_learnt) {
  auto first = start();
  const Multihash old = place(*first, "/old");
  auto second = start();
  const Multihash node = put(*second, "learnt by the second");
  const Multihash leaf = place(*second, "/learnt");
  stop(second);
  EXPECT_FALSE(first->store().has(leaf));
  stop(first);
  first = start();
  for (const Multihash& hash : {old, node, leaf}) EXPECT_TRUE(first->store().has(hash));
  EXPECT_FALSE(storage.info("/home/node-2/index.db")) << "taken over once";
  stop(first);
}

TEST_F(OneHome, damaged_index_of_another_node_is_not_taken_over) {
  auto first = start();
  const Multihash old = place(*first, "/old");
  auto second = start();
  put(*second, "lost");
  stop(second);
  stop(first);
  const auto index = storage.open("/home/node-2/index.db", Access::write);
  index->write_at(0, Bytes(index->info().size, 0xff));
  first = start();
  EXPECT_TRUE(first->store().damaged().empty()) << first->store().damaged();
  EXPECT_TRUE(first->store().has(old));
  stop(first);
}

TEST_F(OneHome, port_is_kept_from_run_to_run) {
  auto node = start();
  const auto addresses = node->addresses();
  stop(node);
  node = start();
  EXPECT_EQ(node->addresses(), addresses);
  EXPECT_FALSE(node->port_taken());
  stop(node);
}

TEST_F(OneHome, port_taken_by_another_program_is_told_and_kept_for_later) {
  auto node = start();
  const auto addresses = node->addresses();
  const std::uint16_t port = addresses.front().tcp_endpoint()->port;
  stop(node);
  auto other = host.system().network.listen({host.address(), port});
  node = start();
  EXPECT_EQ(node->port_taken(), port);
  EXPECT_NE(node->addresses(), addresses);
  stop(node);
  other.reset();
  node = start();
  EXPECT_EQ(node->addresses(), addresses);
  stop(node);
}

TEST_F(OneHome, tells_other_processes_what_it_serves) {
  auto node = start();
  const Cid cid = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("x")));
  auto entry = node->tell_served(
      {.kind = "share", .link = {.cid = cid, .path = {}, .filename = "a b", .providers = {}}});
  auto running = read_running(storage, "/home");
  ASSERT_TRUE(running);
  EXPECT_EQ(running->peer_id, node->id().to_string());
  EXPECT_EQ(running->addresses, node->addresses());
  ASSERT_THAT(running->served, SizeIs(1));
  EXPECT_EQ(running->served[0].kind, "share");
  EXPECT_EQ(running->served[0].link.cid, cid);
  EXPECT_EQ(running->served[0].link.filename, "a b");
  EXPECT_EQ(running->served[0].told_peers, 0U);
  entry->set_told_peers(20);
  EXPECT_EQ(read_running(storage, "/home")->served.at(0).told_peers, 20U);
  entry.reset();
  EXPECT_THAT(read_running(storage, "/home")->served, SizeIs(0));
  stop(node);
  EXPECT_FALSE(read_running(storage, "/home"));
}

TEST_F(OneHome, announces_the_address_given) {
  Config announcing = config();
  announcing.announce = {Multiaddr::parse("/ip4/198.51.100.7/tcp/4001")};
  auto node = std::make_unique<Node>(host.system(), announcing);
  node->start();
  EXPECT_EQ(node->addresses().front(), announcing.announce.front().with_peer(node->id()));
  stop(node);
}

}  // namespace
}  // namespace shoal::node
