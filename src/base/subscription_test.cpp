#include "base/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace shoal {
namespace {

using ::testing::ElementsAre;

TEST(Subscription, calls_all_in_order_until_each_ends) {
  Subscribers<int> subscribers;
  std::vector<std::string> heard;
  const auto hear = [&heard](std::string name) {
    return [&heard, name = std::move(name)](int value) {
      heard.push_back(name + std::to_string(value));
    };
  };
  Subscription one = subscribers.add(hear("a"));
  {
    const Subscription two = subscribers.add(hear("b"));
    subscribers.notify(1);
  }
  subscribers.notify(2);
  one = subscribers.add(hear("c"));
  subscribers.notify(3);
  one.end();
  subscribers.notify(4);
  EXPECT_THAT(heard, ElementsAre("a1", "b1", "a2", "c3"));
  EXPECT_TRUE(subscribers.empty());
}

TEST(Subscription, a_callback_may_end_others_itself_and_the_source) {
  std::optional<Subscribers<>> subscribers;
  subscribers.emplace();
  int calls = 0;
  Subscription third;
  Subscription first;
  first = subscribers->add([&] {
    ++calls;
    first.end();
    third.end();
  });
  const Subscription second = subscribers->add([&] {
    ++calls;
    subscribers.reset();
  });
  third = subscribers->add([&] { calls += 100; });
  subscribers->notify();
  EXPECT_EQ(calls, 2);
}

TEST(Subscription, may_outlive_the_source) {
  Subscription kept;
  {
    Subscribers<> subscribers;
    kept = subscribers.add([] {});
  }
  kept.end();
}

}  // namespace
}  // namespace shoal
