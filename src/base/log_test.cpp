#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"

namespace shoal {
namespace {

using ::testing::ElementsAre;

class Log : public ::testing::Test {
 protected:
  ~Log() override { set_log({}); }

  void hear(LogLevel level) {
    set_log(
        [this](LogLevel of, std::string_view line) {
          lines.push_back(std::string(to_string(of)) + " " + std::string(line));
        },
        level);
  }

  std::vector<std::string> lines;
};

TEST_F(Log, goes_to_the_sink_up_to_its_level) {
  hear(LogLevel::info);
  log_warning("one {}", 1);
  log_info("two");
  log_debug("three");
  EXPECT_THAT(lines, ElementsAre("warning one 1", "info two"));
}

TEST_F(Log, an_empty_sink_restores_the_default) {
  hear(LogLevel::info);
  set_log({});
  EXPECT_EQ(log_level(), LogLevel::warning);
  log_info("dropped");
  EXPECT_TRUE(lines.empty());
}

TEST_F(Log, a_sink_may_throw_and_log_but_not_replace_itself) {
  int calls = 0;
  ErrorCode refused{};
  set_log([&](LogLevel, std::string_view) {
    ++calls;
    log_warning("from within");
    try {
      set_log({});
    } catch (const Error& error) {
      refused = error.code();
    }
    throw std::runtime_error("the sink fails");
  });
  log_warning("first");
  log_warning("second");
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(refused, ErrorCode::usage);
}

TEST_F(Log, K6_shows_what_a_terminal_would_obey) {
  ::testing::internal::CaptureStderr();
  log_warning("a peer said: \x1b]0;owned\x07\r");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("a peer said: \\x1b]0;owned\\x07\\x0d"));
}

}  // namespace
}  // namespace shoal
