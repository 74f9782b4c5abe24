#include "system/os/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <csignal>
#include <set>
#include <thread>

#include "system/event.h"
#include "system/localhost.h"
#include "system/os/one_signal.h"
#include "system/os/resolver.h"
#include "system/os/test_world.h"
#include "system/test_offload.h"
#include "system/timeout.h"

namespace shoal::os {
namespace {

Task<void> fails() {
  throw Error(ErrorCode::corrupt, "as arranged");
  co_return;
}

TEST(World, throws_what_leaves_main_and_can_run_again) {
  World world({.offload_threads = 1});
  EXPECT_THROW(world.run(fails()), Error);
  EXPECT_THROW(world.run(fails()), Error);
}

TEST(World, stop_ends_run_from_another_thread) {
  World world({.offload_threads = 1});
  struct Body {
    static Task<void> stop_from_pool(System& system, World& each) {
      co_await offload(system.offload, [&each] { each.stop(); });
      co_await system.clock.sleep_for(1h);
    }
  };
  world.run(Body::stop_from_pool(world.system(), world));
}

TEST(World, what_a_stop_left_behind_ends_in_a_later_run_and_is_nobodys) {
  World world({.offload_threads = 1});
  System& system = world.system();
  struct Body {
    static Task<void> left_behind(World& each, Event& go) {
      each.stop();
      co_await go.wait();
      throw Error(ErrorCode::corrupt, "as arranged");
    }
    static Task<void> next(System& each, Event& go, bool& done) {
      go.notify_all();
      co_await turns(each);
      done = true;
    }
  };
  Event go(system.waits);
  bool done = false;
  world.run(Body::left_behind(world, go));
  world.run(Body::next(system, go, done));
  EXPECT_TRUE(done);
}

TEST(World, a_signal_that_comes_twice_at_once_is_one_and_the_next_wait_takes_another) {
  World world({.offload_threads = 1});
  struct Body {
    static Task<void> wait(World& each, int& number) { number = co_await each.wait_for_signal(); }
    static Task<void> run(World& each, int& number, int raised) {
      TaskGroup group(each.system().waits, "test");
      group.spawn(wait(each, number));
      co_await turns(each.system());
      ::raise(raised);
      ::raise(SIGTERM);
      co_await group.join();
      ::raise(SIGTERM);  // also when the wait is over
    }
  };
  for (const int raised : {SIGTERM, SIGINT}) {
    int number = 0;
    world.run(Body::run(world, number, raised));
    EXPECT_EQ(number, raised);
  }
}

TEST(World, a_wait_for_a_signal_that_none_ends_gives_the_signals_back) {
  World world({.offload_threads = 1});
  struct Body {
    static Task<void> wait(World& each) { static_cast<void>(co_await each.wait_for_signal()); }
    static Task<void> run(World& each) {
      TaskGroup group(each.system().waits, "test");
      group.spawn(wait(each));
      co_await turns(each.system());
      co_await group.stop();
    }
  };
  world.run(Body::run(world));
  struct sigaction now{};
  ::sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(World, a_second_signal_ends_a_process_whose_loop_hangs) {
  struct Body {
    static Task<void> wait(World& each) { static_cast<void>(co_await each.wait_for_signal()); }
    static Task<void> run(World& each) {
      TaskGroup group(each.system().waits, "test");
      group.spawn(wait(each));
      co_await turns(each.system());
      ::raise(SIGTERM);
      std::this_thread::sleep_for(kSameSignal);  // the time of the kernel, which a handler goes by
      ::raise(SIGINT);
      std::_Exit(1);
    }
    static void hang() {
      World world({.offload_threads = 1});
      world.run(run(world));
    }
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(Body::hang(), ::testing::KilledBySignal(SIGINT), "");
}

Task<void> sleeps_in_order(System& system) {
  struct Body {
    static Task<void> sleep(System& each, TimePoint deadline, std::string& notes, char mark) {
      co_await each.clock.sleep_until(deadline);
      notes += mark;
    }
  };
  std::string notes;
  const TimePoint begin =
      system.clock.now();  // one for all: this thread may be held up between them
  TaskGroup group(system.waits, "test");
  group.spawn(Body::sleep(system, begin + 3ms, notes, 'c'));
  group.spawn(Body::sleep(system, begin + 1ms, notes, 'a'));
  group.spawn(Body::sleep(system, begin + 2ms, notes, 'b'));
  co_await group.join();
  EXPECT_EQ(notes, "abc");
  EXPECT_GE(system.clock.now() - begin, 3ms);
}
TEST(RealClock, wakes_in_order_and_not_early) {
  in_world(sleeps_in_order);
}

Task<void> times_out(System& system) {
  std::string end;
  co_await note_end(within(system.clock, 1ms, system.clock.sleep_for(1h), "waiting"), end);
  EXPECT_EQ(end, "timeout");
}
TEST(RealClock, drives_timeouts) {
  in_world(times_out);
}

Task<void> offloads(System& system) {
  struct Body {
    static Task<void> square(System& each, int number, int& sum) {
      const auto here = std::this_thread::get_id();
      sum += co_await offload(each.offload, [number, here] {
        EXPECT_NE(std::this_thread::get_id(), here);
        return number * number;
      });
      EXPECT_EQ(std::this_thread::get_id(), here);
    }
  };
  int sum = 0;
  TaskGroup group(system.waits, "test");
  for (int i = 1; i <= 1000; ++i) group.spawn(Body::square(system, i, sum));
  co_await group.join();
  EXPECT_EQ(sum, 333'833'500);
}
TEST(ThreadPool, works_elsewhere_and_comes_back) {
  in_world(offloads);
}

Task<void> offload_is_finished(System& system) {
  std::string end;
  bool worked = false;
  TaskGroup group(system.waits, "test");
  const auto work = [&worked] {
    std::this_thread::yield();
    worked = true;
  };
  group.spawn(note_end(offload(system.offload, work), end));
  co_await turns(system);
  co_await group.stop();
  EXPECT_TRUE(worked);
  EXPECT_EQ(end, "done");
  try {
    co_await offload(system.offload, [] { throw Error(ErrorCode::corrupt, "as arranged"); });
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::corrupt);
  }
}
TEST(ThreadPool, finishes_what_a_cancelled_task_began_and_hands_errors_back) {
  in_world(offload_is_finished);
}

TEST(ThreadPool, has_a_second_thread_for_when_one_waits_for_the_disk) {
  World world;
  EXPECT_GE(world.system().offload.parallelism(), 2U);
}

TEST(ThreadPool, begins_nothing_for_a_task_that_was_cancelled) {
  in_world(testing::offload_after_cancellation);
}

TEST(ThreadPool, a_world_that_ends_waits_for_jobs_under_way) {
  struct Seen {
    std::atomic<bool> begun = false;
    std::atomic<bool> may_end = false;
    std::atomic<bool> frame_gone = false;
    bool had_its_frame = false;
  };
  struct Frame {
    Seen& seen;
    ~Frame() { seen.frame_gone = true; }
    static Task<void> work(System& system, Seen& seen) {
      const Frame frame{seen};
      co_await offload(system.offload, [&seen] {
        seen.begun = true;
        seen.begun.notify_one();
        seen.may_end.wait(false);
        seen.had_its_frame = !seen.frame_gone;
      });
    }
  };
  Seen seen;
  std::thread end;
  {
    World world({.offload_threads = 2});
    boost::asio::co_spawn(world.system().executor(), Frame::work(world.system(), seen),
                          boost::asio::detached);
    end = std::thread([&] {
      seen.begun.wait(false);
      world.stop();
      for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // the world ends meanwhile
      seen.may_end = true;
      seen.may_end.notify_one();
    });
    world.run();
  }
  end.join();
  EXPECT_TRUE(seen.had_its_frame);
  EXPECT_TRUE(seen.frame_gone);
}

TEST(KernelRandom, draws_something_else_each_time) {
  World world({.offload_threads = 1});
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(world.system().random.next());
  EXPECT_EQ(seen.size(), 100u);
}

Task<void> resolves(System& system) {
  const auto found = co_await system.resolver.addresses("127.0.0.1");
  EXPECT_EQ(found, std::vector{IpAddress::loopback_v4()});
  // Whatever files and name servers say.
  EXPECT_EQ(co_await system.resolver.addresses("web.localhost"), localhost_addresses());
  for (const std::string& name : {std::string(), std::string(300, 'a'), std::string("a\0b", 3)}) {
    std::string end;
    co_await note_end(system.resolver.addresses(name), end);
    EXPECT_EQ(end, "not_found");
    co_await note_end(system.resolver.texts(name), end);
    EXPECT_EQ(end, "not_found");
  }
}
TEST(HostResolver, knows_addresses_by_their_own_name_and_refuses_impossible_ones) {
  in_world(resolves);
}

using Texts = std::vector<std::string>;

Task<void> resolver_overflows(System& system) {
  std::atomic<unsigned> begun = 0;
  std::atomic<bool> may_end = false;
  const std::function<Texts()> slow = [&] {
    ++begun;
    begun.notify_one();
    may_end.wait(false);
    return Texts{};
  };
  auto& resolver = dynamic_cast<HostResolver&>(system.resolver);
  Texts ends(HostResolver::kThreads + HostResolver::kMaxWaiting);
  TaskGroup group(system.waits, "test");
  for (std::size_t i = 0; i < ends.size(); ++i) {
    group.spawn(note_end(resolver.ask(slow), ends[i]));
    while (i < HostResolver::kThreads && begun <= i) begun.wait(static_cast<unsigned>(i));
  }
  co_await turns(system);
  EXPECT_EQ(std::ranges::count(ends, ""), std::ssize(ends));
  std::string one_too_many;
  group.spawn(note_end(system.resolver.addresses("127.0.0.1"), one_too_many));
  co_await turns(system);
  EXPECT_EQ(one_too_many, "limit");
  may_end = true;
  may_end.notify_all();
  co_await group.join();
  EXPECT_EQ(std::ranges::count(ends, "done"), std::ssize(ends));
}
TEST(HostResolver, refuses_more_questions_than_it_keeps) {
  in_world(resolver_overflows);
}

TEST(HostResolver, joins_the_strings_of_a_text_record_and_survives_cut_answers) {
  // RFC 1035 4.1: header, question "a" TXT IN, one answer of two strings.
  const Bytes answer = from_hex(
      "000081800001000100000000"
      "016100"
      "00100001"
      "c00c"
      "00100001"
      "0000003c"
      "0006"
      "026162"
      "026364");
  EXPECT_EQ(texts_in(answer, "a"), std::vector<std::string>{"abcd"});
  for (std::size_t size = 0; size < answer.size(); ++size) {
    EXPECT_THROW(texts_in(ByteView(answer).first(size), "a"), Error) << size;
  }
}

}  // namespace
}  // namespace shoal::os
