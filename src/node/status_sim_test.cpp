#include "node/status.h"

#include <gtest/gtest.h>

#include "node/node.h"
#include "system/sim/world.h"

namespace shoal::node {
namespace {

class StatusTest : public ::testing::Test {
 protected:
  Status look() {
    std::optional<Status> status;
    world.run(look_into(status));
    return std::move(*status);
  }
  Config config() const {
    return {.home = "/home",
            .listen = {Multiaddr::tcp({host.address(), 4001})},
            .connect = {},
            .agent = "shoal/test"};
  }
  void write(const std::string& path, std::string_view text) {
    storage.open(path, Access::create)->write_at(0, as_bytes(text));
  }
  /// As an import would, a block for the whole file.
  void serve(Node& node, const std::string& path) {
    const FileStamp stamp = FileStamp::of(*storage.info(path));
    const auto file = node.store().add_file(path, stamp);
    const Multihash hash = Multihash::sha2_256(as_bytes(path));
    node.store().put_extent(hash, file, 0, stamp.size);
    node.store().commit();
  }

  using FileStamp = content::FileStamp;
  sim::World world;
  sim::Host& host = world.add_host();
  Storage& storage = host.system().storage;

 private:
  Task<void> look_into(std::optional<Status>& status) {
    status = co_await look_at_home(host.system(), "/home");
  }
};

TEST_F(StatusTest, finds_nothing_where_no_node_has_been_and_makes_nothing) {
  const Status status = look();
  EXPECT_EQ(status.home, "/home");
  EXPECT_FALSE(status.peer);
  EXPECT_TRUE(status.nodes.empty());
  EXPECT_FALSE(storage.info("/home"));
}

TEST_F(StatusTest, reads_a_home_beside_the_node_that_holds_it) {
  Node node(host.system(), config());
  storage.make_folder("/tree");
  storage.make_folder("/tree/inner");
  storage.make_folder("/other");
  write("/tree/a", "aa");
  write("/tree/inner/b", "bbb");
  write("/other/c", "cccc");
  for (const char* path : {"/tree/a", "/tree/inner/b", "/other/c"}) serve(node, path);
  const Bytes bytes = to_bytes(as_bytes("a node"));
  node.store().put(Multihash::sha2_256(bytes), bytes);

  const Status status = look();
  EXPECT_EQ(status.peer, node.id());
  EXPECT_EQ(status.nodes.size(), 1u);
  EXPECT_EQ(status.nodes_in_index, 1u);
  EXPECT_EQ(status.node_bytes, bytes.size());
  ASSERT_EQ(status.places.size(), 2u);
  EXPECT_EQ(status.places[0].path, "/other/c") << "alone in its folder";
  EXPECT_EQ(status.places[1].path, "/tree") << "stands for the folder in it";
  EXPECT_EQ(status.places[1].files, 2u);
  EXPECT_EQ(status.places[1].bytes, 5u);
  EXPECT_EQ(status.places[1].blocks, 2u);
  EXPECT_EQ(status.places[1].changed + status.places[1].gone, 0u);
  EXPECT_GE(status.disk_bytes, status.index_bytes);
  world.run(node.stop());
}

TEST_F(StatusTest, sees_what_changed_and_what_is_gone) {
  std::optional<Node> node(std::in_place, host.system(), config());
  storage.make_folder("/tree");
  for (const char* path : {"/tree/a", "/tree/b", "/tree/c"}) {
    write(path, path);
    serve(*node, path);
  }
  world.run(node->stop());
  node.reset();
  write("/tree/a", "something else, and longer");
  storage.remove("/tree/b");

  const Status status = look();
  EXPECT_TRUE(status.nodes.empty());
  ASSERT_EQ(status.places.size(), 1u);
  EXPECT_EQ(status.places[0].changed, 1u);
  EXPECT_EQ(status.places[0].gone, 1u);
  EXPECT_FALSE(storage.info("/home/index.db-wal")) << "looking made a file";
}

}  // namespace
}  // namespace shoal::node
