#include "cli/exit_code.h"

#include <gtest/gtest.h>

#include <csignal>

namespace shoal::cli {
namespace {

Failure failure_of(ErrorCode code) {
  return to_failure(Error(code, "it did not work", "thing", "try again"));
}

TEST(ExitCode, follows_the_documented_table) {
  EXPECT_EQ(failure_of(ErrorCode::failed).exit_code, 1);
  EXPECT_EQ(failure_of(ErrorCode::usage).exit_code, 2);
  EXPECT_EQ(failure_of(ErrorCode::not_found).exit_code, 3);
  EXPECT_EQ(failure_of(ErrorCode::unreachable).exit_code, 4);
  EXPECT_EQ(failure_of(ErrorCode::corrupt).exit_code, 5);
  EXPECT_EQ(failure_of(ErrorCode::io).exit_code, 6);
  EXPECT_EQ(failure_of(ErrorCode::exists).exit_code, 7);
  EXPECT_EQ(failure_of(ErrorCode::timeout).exit_code, 8);
  EXPECT_EQ(failure_of(ErrorCode::locked).exit_code, 9);
}

TEST(ExitCode, shows_only_names_of_the_table) {
  for (const auto code : {ErrorCode::malformed, ErrorCode::limit, ErrorCode::unsupported,
                          ErrorCode::refused, ErrorCode::closed}) {
    EXPECT_EQ(failure_of(code).exit_code, 1);
    EXPECT_EQ(failure_of(code).name, "failed");
  }
  EXPECT_EQ(failure_of(ErrorCode::not_found).name, "not_found");
}

TEST(ExitCode, says_what_and_what_to_do) {
  const Failure failure = failure_of(ErrorCode::io);
  EXPECT_EQ(failure.message, "thing: it did not work");
  EXPECT_EQ(failure.hint, "try again");
}

TEST(ExitCode, says_what_to_look_at_when_nobody_can_be_reached) {
  const Error bare(ErrorCode::unreachable, "connection refused");
  EXPECT_NE(to_failure(bare).hint.find("still running"), std::string::npos);
  EXPECT_EQ(failure_of(ErrorCode::unreachable).hint, "try again");
}

TEST(ExitCode, promises_to_go_on_where_a_command_does) {
  EXPECT_NE(stopped_by(SIGINT, true).hint.find("to resume"), std::string::npos);
  EXPECT_EQ(stopped_by(SIGINT, false).hint, "");
}

TEST(ExitCode, names_the_signal) {
  EXPECT_EQ(stopped_by(SIGINT, true).exit_code, 130);
  EXPECT_EQ(stopped_by(SIGTERM, false).exit_code, 143);
  EXPECT_EQ(stopped_by(SIGTERM, false).name, "stopped");
}

}  // namespace
}  // namespace shoal::cli
