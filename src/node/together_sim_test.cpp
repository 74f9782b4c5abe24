#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "node/node.h"
#include "service/get.h"
#include "service/share.h"
#include "system/sim/content.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal::node {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::uint64_t kUp = 4'000'000;  // bytes per second

/// A machine with a node, which may get a link.
struct Machine {
  Machine(sim::World& its_world, std::uint64_t up, std::uint64_t down = 0)
      : world(its_world),
        host(its_world.add_host()),
        node(host.system(), config(host, up, down)),
        tasks(std::make_unique<TaskGroup>(host.system().waits, "test")) {
    host.system().storage.make_folder("/out");
    node.start();
  }
  ~Machine() { stop(); }

  static Config config(sim::Host& host, std::uint64_t up, std::uint64_t down) {
    Config out;
    out.home = "/home";
    out.listen = {Multiaddr::tcp({host.address(), 4001})};
    out.agent = "shoal/test";
    out.ephemeral = true;
    out.lan = false;
    out.dht = false;
    out.up = up;
    out.down = down;
    return out;
  }

  /// One that does not share asks the source alone, and serves nobody.
  void get(const service::Link& link, bool shares = true) {
    service::Context context = node.context();
    if (!shares) context.exchange = nullptr;
    getting = std::make_unique<service::Get>(
        context, service::GetOptions{.link = link, .output = "/out/got", .timeout = std::nullopt});
    began = world.now();
    tasks->spawn(run());
  }
  Task<void> run() {
    std::exception_ptr failure;
    try {
      result = co_await getting->run();
      took = result->duration;
      stayed = world.now() - began - took;
    } catch (const Error& error) {
      ADD_FAILURE() << host.name() << ": " << error.what();
    }
    co_await node.swarm().stop();  // a receiver that has it all leaves
  }
  /// In the middle of it, with what it has on its disk.
  void leave() {
    world.run(tasks->stop());
    getting.reset();
    tasks = std::make_unique<TaskGroup>(world.waits(), "test");
  }
  void stop() {
    if (std::exchange(stopped, true)) return;
    world.run(tasks->stop());
    getting.reset();
    if (share) world.run(share->stop());
    share.reset();
    world.run(node.stop());
  }
  double seconds() const { return std::chrono::duration<double>(took).count(); }

  sim::World& world;
  sim::Host& host;
  Node node;
  std::unique_ptr<service::Share> share;
  std::unique_ptr<service::Get> getting;
  std::optional<service::GetResult> result;
  TimePoint began{};
  Duration took{};
  Duration stayed{};  // to serve others, when it had all
  bool stopped = false;
  std::unique_ptr<TaskGroup> tasks;
};

/// One who shares a file over a line of kUp, and those who get it.
struct Swarms : ::testing::Test {
  explicit Swarms() : world({.path = {.latency = 5ms}}) {}

  void share(std::size_t bytes, std::uint64_t up = kUp) {
    size = bytes;
    Machine& source = machines.emplace_back(world, up);
    Bytes content(bytes);
    std::uint64_t state = 1;
    for (std::uint8_t& byte : content) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::uint8_t>(state >> 56);
    }
    source.host.disk().put("/file", sim::Content::of(content));
    source.share =
        std::make_unique<service::Share>(source.node.context(), source.node.done_listener());
    world.run(index(*source.share));
    sent = source.node.bitswap().when_sent([this](const content::Sent& one) {
      if (one.bytes < kMiB) return;
      if (++times_sent[one.cid] == 1) {
        repeated_before_last = repeated;
      } else {
        ++repeated;
      }
    });
    link = source.share->link(source.node.addresses());
  }
  static Task<void> index(service::Share& share) {
    std::vector<std::string> paths = {"/file"};
    co_await share.index(std::move(paths), {});
  }
  Machine& source() { return machines.front(); }
  Machine& add(std::uint64_t up = kUp, std::uint64_t down = 0) {
    return machines.emplace_back(world, up, down);
  }
  void run_to_the_end(Duration at_most = 10min) {
    const TimePoint end = world.now() + at_most;
    world.run_while_not([&] { return world.now() > end || all_done(); });
    EXPECT_TRUE(all_done());
  }
  bool all_done() {
    for (const Machine& machine : machines) {
      if (machine.getting && !machine.result) return false;
    }
    return true;
  }
  double slowest() {
    double out = 0;
    for (const Machine& machine : machines) out = std::max(out, machine.seconds());
    return out;
  }
  /// How long it takes at least, in whole blocks: the source sends each once, and the last one has
  /// to double until all have it.
  double bound(std::size_t getters) const {
    const double blocks = static_cast<double>(size) / static_cast<double>(kMiB);
    double rounds = 0;
    for (std::size_t i = getters; i > 1; i /= 2) ++rounds;
    return static_cast<double>(size) / static_cast<double>(kUp) * (1 + rounds / blocks);
  }
  /// Until both of a pair that share have it all, among some who take and never serve.
  double pair_among(int riders) {
    share(16 * kMiB);
    Machine& one = add();
    Machine& other = add();
    for (int i = 0; i < riders; ++i) add().get(*link, false);
    one.get(*link);
    other.get(*link);
    world.run_while_not([&] { return one.result && other.result; });
    return std::max(one.seconds(), other.seconds());
  }
  double copies() {
    return static_cast<double>(source().share->bytes_sent()) / static_cast<double>(size);
  }
  void print(const char* what, std::size_t getters) {
    std::cout << what << ": " << slowest() << " s, " << slowest() / bound(getters)
              << " times the bound, " << copies() << " copies, " << repeated_before_last
              << " blocks twice before all were sent once" << std::endl;
    for (const Machine& machine : machines) {
      if (!machine.result) continue;
      std::cout << "  " << machine.seconds() << " s, duplicates "
                << machine.result->blocks_duplicate << ", sources";
      for (const auto& one : machine.result->sources) std::cout << " " << one.blocks;
      std::cout << std::endl;
    }
  }

  sim::World world;
  std::deque<Machine> machines;
  std::optional<service::Link> link;
  std::size_t size = 0;
  std::map<Cid, int> times_sent;  // of blocks, by the source
  int repeated = 0;
  int repeated_before_last = 0;  // before each had been sent once
  Subscription sent;
};

TEST_F(Swarms, eight_getters_take_little_longer_than_one) {
  share(32 * kMiB);
  for (int i = 0; i < 8; ++i) add().get(*link);
  run_to_the_end();
  print("eight", 8);
  EXPECT_LT(slowest(), 1.2 * bound(8));
  EXPECT_EQ(repeated_before_last, 0);
  EXPECT_LT(copies(), 1.3);
}

TEST_F(Swarms, all_finish_without_the_source_once_each_block_is_out) {
  share(24 * kMiB);
  for (int i = 0; i < 6; ++i) add().get(*link);
  world.run_while_not([&] { return copies() >= 1.05; });
  const auto done = [](const Machine& machine) { return machine.result.has_value(); };
  EXPECT_EQ(std::ranges::count_if(machines, done), 0);
  source().stop();
  run_to_the_end();
}

TEST_F(Swarms, who_comes_late_is_helped_by_those_who_are_there) {
  share(24 * kMiB);
  for (int i = 0; i < 3; ++i) add().get(*link);
  world.run_for(3s);
  add().get(*link);
  world.run_for(1s);
  add().get(*link);
  run_to_the_end();
  print("late", 5);
  // Alone with the source, five would take five times as long as one.
  EXPECT_LT(slowest(), 2 * bound(5));
}

TEST_F(Swarms, a_slow_getter_does_not_slow_the_others) {
  share(24 * kMiB);
  for (int i = 0; i < 4; ++i) add().get(*link);
  add(kUp / 10, kUp / 10).get(*link);
  run_to_the_end();
  print("slow", 4);
  std::vector<double> times;
  for (const Machine& machine : machines) times.push_back(machine.seconds());
  std::ranges::sort(times);
  EXPECT_LT(times[times.size() - 2], 1.6 * bound(4));
  EXPECT_LT(times.back(), 1.3 * 10 * static_cast<double>(size) / kUp);
}

TEST_F(Swarms, a_slow_getter_does_not_keep_those_who_are_done_while_a_source_is_there) {
  share(24 * kMiB);
  for (int i = 0; i < 4; ++i) add().get(*link);
  Machine& slow = add(kUp / 10, kUp / 10);
  slow.get(*link);
  run_to_the_end();
  for (Machine& machine : machines) {
    if (!machine.result || &machine == &slow) continue;
    EXPECT_GT(slow.took, 2 * machine.took);
    EXPECT_LT(machine.stayed, 2s);  // a tenth of 7 s, and up to 1 s to tell the sources
  }
}

/// The same world without the rest of the crowd.
struct Others : Swarms {
  void TestBody() override {}
};

TEST_F(Swarms, a_hundred_who_never_serve_slow_a_pair_by_a_tenth_at_most) {
  Others alone;
  const double without = alone.pair_among(0);
  const double with = pair_among(100);
  std::cout << "pair: " << without << " s alone, " << with << " s among riders" << std::endl;
  EXPECT_LE(with, 1.1 * without);
}

TEST_F(Swarms, nobody_is_slowed_by_those_who_come_late_leave_or_are_slow) {
  Others alone;
  alone.share(32 * kMiB);
  for (int i = 0; i < 4; ++i) alone.add().get(*alone.link);
  alone.run_to_the_end();
  share(32 * kMiB);
  for (int i = 0; i < 4; ++i) add().get(*link);
  Machine& leaver = add();
  leaver.get(*link);
  add(kUp / 10, kUp / 10).get(*link);
  world.run_for(2s);
  leaver.leave();
  for (Machine& other : machines) leaver.node.swarm().disconnect(other.node.id());
  add().get(*link);
  world.run_for(1s);
  add().get(*link);
  leaver.get(*link);
  run_to_the_end();
  print("mixed", 8);
  double slowest_of_four = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    slowest_of_four = std::max(slowest_of_four, machines[i].seconds());
  }
  // Each has to be given one copy more by somebody: that is in the bound.
  EXPECT_LT(slowest_of_four, 1.15 * alone.slowest() * bound(8) / bound(4));
}

}  // namespace
}  // namespace shoal::node
