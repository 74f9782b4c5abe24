#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/shoal.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "system/os/test_world.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kEcho = "/test/echo/1";

Async<void> echo(PeerStream stream) {
  ByteVector bytes;
  do {
    bytes = co_await stream.read();
    co_await stream.write(bytes);
  } while (!bytes.empty());
  co_await stream.close();
}

Async<std::string> ask(Node& node, std::string peer, std::string text) {
  PeerStream stream = co_await node.open(peer, kEcho);
  co_await stream.write(text);
  std::string out(text.size(), ' ');
  co_await stream.read_exactly(std::as_writable_bytes(std::span(out)));
  co_return out;
}

/// Two nodes of this process, each with a thread of its own.
class RealNodes : public ::testing::Test {
 protected:
  RealNodes() {
    there.serve(kEcho, echo);
    there.start();
    here.start();
    address = there.addresses().front();
  }

  static NodeOptions loopback() { return {.listen = {"/ip4/127.0.0.1/tcp/0"}}; }

  Node here{loopback()};
  Node there{loopback()};
  std::string address;
};

TEST_F(RealNodes, talk) {
  EXPECT_EQ(here.run(ask(here, address, "hello")), "hello");
}

TEST_F(RealNodes, are_used_from_several_threads) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &right] {
      for (int j = 0; j < 20; ++j) {
        const std::string text = std::to_string(i) + " " + std::to_string(j);
        if (here.run(ask(here, address, text)) == text) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST_F(RealNodes, give_streams_that_may_be_dropped_on_any_thread) {
  for (int i = 0; i < 20; ++i) {
    PeerStream stream = here.run(here.open(address, kEcho));
    const Async<ByteVector> never_awaited = stream.read();
  }
  EXPECT_EQ(here.run(ask(here, address, "hello")), "hello");
}

Async<void> wait_for_bytes(Node& node, std::string peer) {
  PeerStream stream = co_await node.open(peer, kEcho);
  co_await stream.read();
}

TEST_F(RealNodes, stop_while_everything_is_under_way) {
  std::vector<Job> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(here.spawn(wait_for_bytes(here, address)));
  PeerStream held = here.run(here.open(address, kEcho));
  std::thread blocked([this] { EXPECT_THROW(here.run(sleep_for(1h)), std::exception); });
  here.run(ask(here, address, "hello"));
  here.stop();
  blocked.join();
  for (Job& job : jobs) EXPECT_THROW(job.wait(), Cancelled);
}

TEST_F(RealNodes, do_not_await_each_other) {
  const auto wrong = [](Node& other, std::string peer) -> Async<void> {
    co_await other.open(peer, kEcho);
  };
  try {
    there.run(wrong(here, address));
    FAIL() << "awaited on the loop of another node";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
  }
}

TEST_F(RealNodes, let_subscriptions_end_on_any_thread) {
  std::atomic<int> events = 0;
  std::atomic<bool> enough = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this, &events, &enough] {
      while (!enough) {
        // Gone at the end of the round: the callback must not be called any more.
        const auto own = std::make_unique<std::atomic<int>>(0);
        const Subscription subscription =
            there.on_peer([&events, own = own.get()](const PeerEvent&) {
              ++*own;
              ++events;
            });
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 20 || events == 0; ++i) {
    here.run(ask(here, address, "hello"));
    here.disconnect(there.peer_id());
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
}

Async<void> fail() {
  throw std::runtime_error("on purpose");
  co_return;
}

Async<std::thread::id> thread_of_loop() {
  co_return std::this_thread::get_id();
}

TEST(RealNode, tells_of_dropped_jobs_on_its_loop_while_that_runs) {
  std::vector<std::thread::id> told;
  NodeOptions options{.listen = {"/ip4/127.0.0.1/tcp/0"}};
  options.on_error = [&told](const UncaughtError&) { told.push_back(std::this_thread::get_id()); };
  Node node(std::move(options));
  const std::thread::id loop = node.run(thread_of_loop());
  std::optional<Job> job = node.spawn(fail());
  while (!job->ended()) std::this_thread::yield();
  job.reset();
  std::optional<Job> late = node.spawn(fail());
  node.run(thread_of_loop());
  node.stop();
  EXPECT_THAT(told, ::testing::ElementsAre(loop));
  late.reset();
  EXPECT_THAT(told, ::testing::ElementsAre(loop, std::this_thread::get_id()));
}

TEST_F(RealNodes, wait_for_a_signal) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "Asio's signal handler reads its pipe without a lock, on whatever thread it runs";
#endif
  const auto before = std::signal(SIGTERM, SIG_IGN);
  std::thread user([] {
    // One that came before the node waits for it would be lost, one afterwards would end the tests.
    struct sigaction now{};
    do {
      std::this_thread::yield();
      ::sigaction(SIGTERM, nullptr, &now);
    } while (now.sa_handler == SIG_IGN);
    std::raise(SIGTERM);
  });
  EXPECT_EQ(here.wait_for_signal(), SIGTERM);
  std::signal(SIGTERM, before);
  user.join();
}

TEST(RealNode, without_a_home_leaves_nothing_behind) {
  const os::TempFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  {
    Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
    node.start();
    EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  ::unsetenv("TMPDIR");
}

TEST(RealNode, keeps_its_identity_in_its_home) {
  const os::TempFolder folder;
  const std::string home = folder.path("home");
  std::string first;
  {
    Node node({.home = home});
    first = node.peer_id();
    Node second({.home = home});
    EXPECT_NE(second.peer_id(), first) << "beside the first, a node of its own";
  }
  EXPECT_EQ(Node({.home = home}).peer_id(), first);
}

TEST(RealNode, refuses_options_that_make_no_sense) {
  EXPECT_THROW(Node({.listen = {"nonsense"}}), Error);
  EXPECT_THROW(Node({.connect = {"/ip4/127.0.0.1/tcp/1"}}), Error);
  EXPECT_THROW(Node({.agent = std::string(257, 'x')}), Error);
}

TEST(RealNode, can_be_moved) {
  Node node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
  node.start();
  Node moved = std::move(node);
  EXPECT_THAT(moved.addresses(), Not(IsEmpty()));
  moved = Node({.listen = {"/ip4/127.0.0.1/tcp/0"}});
  EXPECT_THAT(moved.addresses(), IsEmpty());
}

}  // namespace
}  // namespace shoal
