#include "system/sim/world.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "system/sim/test_hosts.h"
#include "system/test_offload.h"

namespace shoal::sim {
namespace {

Task<void> chatter(System& system, std::vector<Endpoint> peers, int rounds) {
  auto socket = system.network.bind({IpAddress::any_v4(), 0});
  for (int i = 0; i < rounds; ++i) {
    const auto& peer = peers[system.random.below(peers.size())];
    const Bytes bytes = system.random.bytes(1 + system.random.below(1000));
    socket->send(peer, bytes);
    co_await system.clock.sleep_for(Duration(system.random.below(10'000'000)));
  }
}

Task<void> greet(System& system, Endpoint peer, std::size_t bytes) {
  auto stream = co_await system.network.connect(peer);
  const Bytes greeting = system.random.bytes(bytes);
  co_await write_all(*stream, greeting);
  co_await stream->close_write();
  Bytes buffer(1000);
  while (co_await stream->read_some(buffer) != 0) {
  }
}

Task<void> greet_back(std::unique_ptr<HostStream> stream) {
  Bytes buffer(1000);
  while (true) {
    const std::size_t got = co_await stream->read_some(buffer);
    if (got == 0) break;
    co_await write_all(*stream, ByteView(buffer).first(got));
  }
  co_await stream->close_write();
}

Task<void> serve(Listener& listener, TaskGroup& tasks) {
  while (true) {
    auto stream = co_await listener.accept();
    tasks.spawn(greet_back(std::move(stream)));
  }
}

Task<void> answer(System& system, std::uint16_t port) {
  auto socket = system.network.bind({IpAddress::any_v4(), port});
  Bytes buffer(2000);
  while (true) {
    const auto got = co_await socket->receive(buffer);
    socket->send(got.from, ByteView(buffer).first(got.bytes));
  }
}

struct Chatter {
  std::uint64_t trace_hash = 0;
  Bytes packets;  // all of them, in the format pcap
};

Chatter run_chatter(std::uint64_t seed) {
  Chatter out;
  World world(
      {.seed = seed, .path = {.jitter = 3ms, .loss = 0.1, .duplication = 0.1, .reordering = 0.1}});
  world.write_packets_to([&out](ByteView bytes) { append(out.packets, bytes); });
  std::vector<Endpoint> peers;
  for (int i = 0; i < 10; ++i) peers.push_back({world.add_host().address(), 9000});
  std::vector<std::unique_ptr<Listener>> listeners;
  TaskGroup tasks(world.waits(), "hosts");
  for (std::uint32_t i = 0; i < 10; ++i) {
    Network& network = world.host(i).system().network;
    listeners.push_back(network.listen({IpAddress::any_v4(), 9000}));
    tasks.spawn(serve(*listeners.back(), tasks));
    tasks.spawn(greet(world.host(i).system(), peers[(i + 1) % 10], 100'000));
    tasks.spawn(answer(world.host(i).system(), 9000));
    tasks.spawn(chatter(world.host(i).system(), peers, 100));
  }
  world.run_for(1s);
  world.host(3).crash();
  world.host(3).restart();
  world.run_for(1min);
  world.run(tasks.stop());
  world.run_for(5min);
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(world.host(i).stream_count(), 0U) << i;
  out.trace_hash = world.trace_hash();
  return out;
}

TEST(World, the_same_seed_gives_the_same_hash) {
  const Chatter one = run_chatter(7);
  const Chatter other = run_chatter(7);
  RecordProperty("trace_hash",
                 std::to_string(one.trace_hash));  // to compare builds and machines by
  EXPECT_EQ(one.trace_hash, other.trace_hash);
  EXPECT_TRUE(one.packets == other.packets);
}

TEST(World, two_seeds_send_other_packets) {
  EXPECT_FALSE(run_chatter(7).packets == run_chatter(8).packets);
}

std::uint64_t send_one(std::uint8_t byte) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  auto from = a.system().network.bind({IpAddress::any_v4(), 0});
  auto to = b.system().network.bind({IpAddress::any_v4(), 9000});
  from->send({b.address(), 9000}, Bytes{byte});
  world.run_for(1s);
  return world.trace_hash();
}

TEST(World, one_other_bit_in_one_packet_gives_another_hash) {
  EXPECT_NE(send_one(0), send_one(1));
}

TEST(World, hash_of_bytes_is_the_same_on_every_machine) {
  Bytes bytes;
  for (unsigned i = 0; i < 100; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7));
  EXPECT_EQ(hash_of(bytes), 0x3ace54ad093038abU);
  SeededRandom random(1, 2);
  EXPECT_EQ(random.draw(), 0x4dd86b8ffc0b721U);
}

TEST(World, hosts_draw_differently_and_restarts_too) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  const std::uint64_t first = a.system().random.next();
  EXPECT_NE(first, b.system().random.next());
  a.crash();
  EXPECT_NE(first, a.restart().random.next());
}

TEST(World, two_hosts_cannot_have_one_address) {
  World world;
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  world.add_host({.addresses = {address}});
  EXPECT_THROW(world.add_host({.addresses = {address}}), Error);
}

TEST(World, faults_strike_as_often_as_they_were_told_and_are_counted) {
  World world;
  Faults& faults = world.add_host().system().faults;
  world.faults().set("a", 0.25);
  world.faults().set("b", 1);
  int fired = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (faults.fires("a")) ++fired;
    EXPECT_TRUE(faults.fires("b"));
    EXPECT_FALSE(faults.fires("c"));
  }
  EXPECT_NEAR(fired, 2500, 200);
  EXPECT_EQ(world.faults().points().at("a").fired, static_cast<std::uint64_t>(fired));
  EXPECT_EQ(world.faults().points().at("c").asked, 10'000U);
}

TEST(World, names_resolve_to_what_was_set) {
  World world;
  System& system = world.add_host().system();
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  world.names().set_addresses("boot.example", {address});
  world.names().set_texts("_dnsaddr.example", {"dnsaddr=/ip4/1.2.3.4"});
  EXPECT_EQ(world.run(system.resolver.addresses("boot.example")), std::vector{address});
  EXPECT_EQ(world.run(system.resolver.texts("_dnsaddr.example")).size(), 1U);
  EXPECT_THROW(world.run(system.resolver.addresses("nobody.example")), Error);
}

Task<void> work(System& system, int& state) {
  co_await system.offload.run([&state] { state = 1; });
  state = 2;
}

TEST(World, offloaded_work_takes_its_modelled_time) {
  World world;
  System& system = world.add_host({.offload_cost = 5ms}).system();
  int state = 0;
  const TimePoint begin = world.now();
  world.run(work(system, state));
  EXPECT_EQ(state, 2);
  EXPECT_EQ(world.now() - begin, 5ms);
}

TEST(World, offloaded_work_that_is_late_is_sometimes_begun_late) {
  World world;
  System& system = world.add_host().system();
  world.faults().set("offload.late", 1);
  int begun_at_once = 0;
  for (int i = 0; i < 10; ++i) {
    TimePoint begun;
    const TimePoint begin = world.now();
    world.run(system.offload.run([&] { begun = world.now(); }));
    EXPECT_EQ(world.now() - begin, 300ms);
    if (begun == begin) ++begun_at_once;
  }
  EXPECT_EQ(begun_at_once, 5);
}

TEST(World, a_cancelled_task_begins_no_offloaded_work) {
  World world;
  world.run(testing::offload_after_cancellation(world.add_host().system()));
}

TEST(World, offloaded_work_is_waited_for_even_when_cancelled) {
  World world;
  System& system = world.add_host({.offload_cost = 5s}).system();
  int state = 0;
  TaskGroup tasks(world.waits(), "test");
  tasks.spawn(work(system, state));
  world.run_for(1s);
  world.run(tasks.stop());
  EXPECT_EQ(state, 2);
}

TEST(World, the_calendar_may_jump_without_moving_the_clock) {
  World world;
  System& system = world.add_host().system();
  const TimePoint now = system.clock.now();
  const WallTime wall = system.clock.wall_now();
  world.clock().shift_wall(-1h);
  EXPECT_EQ(system.clock.now(), now);
  EXPECT_EQ(system.clock.wall_now(), wall - 1h);
}

TEST(World, frees_what_still_waits_at_its_end) {
  auto witness = std::make_shared<int>(1);
  const auto wait = [](System& system, std::shared_ptr<int>) -> Task<void> {
    auto socket = system.network.bind({IpAddress::any_v4(), 0});
    Bytes buffer(10);
    co_await socket->receive(buffer);
  };
  {
    World world;
    System& system = world.add_host().system();
    boost::asio::co_spawn(world.executor(), wait(system, witness), [](std::exception_ptr) {});
    world.run_for(1s);
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(World, writes_packets_in_the_format_pcap) {
  World world;
  Host& a = world.add_host();
  Host& b = world.add_host();
  Bytes file;
  world.write_packets_to([&file](ByteView bytes) { append(file, bytes); });
  ASSERT_EQ(file.size(), 24U);
  EXPECT_EQ(to_hex(ByteView(file).first(4)), "a1b23c4d");
  EXPECT_EQ(file[23], 101);
  auto socket = a.system().network.bind({IpAddress::any_v4(), 1000});
  socket->send({b.address(), 2000}, as_bytes("hello"));
  ASSERT_EQ(file.size(), 24U + 16 + 28 + 5);
  const ByteView ip = ByteView(file).subspan(24 + 16);
  EXPECT_EQ(ip[0], 0x45);
  EXPECT_EQ(ip[3], 33);  // total length
  EXPECT_EQ(ip[9], 17);  // UDP
  EXPECT_TRUE(equal(ip.subspan(12, 4), a.address().bytes()));
  EXPECT_EQ(ip[20] << 8 | ip[21], 1000);
  EXPECT_EQ(as_text(ip.subspan(28)), "hello");
  const std::size_t before = file.size();
  const auto pair = connect_pair(world, a, b);
  EXPECT_EQ(file.size(), before + 3 * (16 + 40));  // SYN, SYN-ACK, ACK
  EXPECT_EQ(file[before + 16 + 20 + 13], 2);       // flags: SYN
}

}  // namespace
}  // namespace shoal::sim
