#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::cli {
namespace {

constexpr const char* kCid = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";

CommonOptions options_of(std::vector<std::string> words) {
  words.insert(words.begin(), {"--home", "/h"});
  const Invocation invocation = parse_command_line(words);
  EXPECT_TRUE(invocation.command);
  return invocation.options;
}

Error refusal(const std::vector<std::string>& words) {
  try {
    parse_command_line(words);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(error.hint(), "");
    return error;
  }
  ADD_FAILURE() << "was accepted";
  return {ErrorCode::failed, ""};
}

TEST(CommandLine, takes_common_flags_on_either_side) {
  EXPECT_TRUE(options_of({"--json", "id"}).output.json);
  EXPECT_TRUE(options_of({"id", "--json"}).output.json);
  EXPECT_EQ(options_of({"get", kCid, "--up", "20M"}).up, 20'000'000u);
  EXPECT_EQ(options_of({"--timeout", "10s", "get", kCid}).timeout, Duration(10s));
}

TEST(CommandLine, repeats_addresses_without_eating_what_follows) {
  const auto options = options_of({"--listen", "/ip4/127.0.0.1/tcp/0", "--listen", "/ip6/::1/tcp/0",
                                   "share", "--exclude", "*.o", "."});
  EXPECT_EQ(options.listen.size(), 2u);
}

TEST(CommandLine, finds_peers_on_the_lan_alone_unless_told) {
  EXPECT_TRUE(options_of({"share", "."}).lan);
  EXPECT_FALSE(options_of({"share", ".", "--no-lan"}).lan);
  EXPECT_FALSE(options_of({"share", "."}).is_public);
  EXPECT_TRUE(options_of({"share", ".", "--public"}).is_public);
}

TEST(CommandLine, refuses_what_is_given_and_empty) {
  for (const char* flag : {"--timeout", "--up", "--down", "--home", "--color"}) {
    EXPECT_NE(refusal({"id", flag, ""}).message().find(flag), std::string::npos) << flag;
  }
  for (const char* command : {"share", "cid"}) {
    EXPECT_EQ(refusal({command, ""}).message(), "PATH cannot be empty");
    EXPECT_EQ(refusal({command, ".", "", "."}).message(), "PATH cannot be empty");
    EXPECT_EQ(refusal({command, ".", "--exclude", ""}).message(), "--exclude cannot be empty");
  }
  EXPECT_EQ(refusal({"id", "--listen", ""}).message(), "--listen cannot be empty");
  EXPECT_EQ(refusal({"id", "--connect", ""}).message(), "--connect cannot be empty");
  refusal({"share", ".", "--until-sent", ""});
  refusal({"share", ".", "--name", ""});
  refusal({"ping", "", "-c", "1"});
  refusal({"cat", kCid, "--offset", ""});
  refusal({"cat", kCid, "--length", ""});
  refusal({"get", kCid, "-o", ""});
  for (const char* command : {"get", "ls", "cat", "stat"}) {
    EXPECT_EQ(refusal({command, ""}).message(), "LINK cannot be empty");
  }
}

TEST(CommandLine, counts_v) {
  EXPECT_EQ(options_of({"id"}).verbosity, 0);
  EXPECT_EQ(options_of({"id", "-v"}).verbosity, 1);
  EXPECT_EQ(options_of({"id", "-vv"}).verbosity, 2);
}

TEST(CommandLine, answers_help_without_a_command) {
  const Invocation whole = parse_command_line({"--help"});
  EXPECT_FALSE(whole.command);
  EXPECT_NE(whole.help.find("shoal share"), std::string::npos);
  const Invocation one = parse_command_line({"get", "--help"});
  EXPECT_FALSE(one.command);
  EXPECT_NE(one.help.find("--seed"), std::string::npos);
}

TEST(CommandLine, names_what_it_does_not_know) {
  EXPECT_EQ(refusal({"fly"}).message(), "there is no command 'fly'");
  EXPECT_EQ(refusal({"[fly]"}).message(), "there is no command '[fly]'");
  EXPECT_NE(refusal({"id", "--fly"}).message().find("--fly"), std::string::npos);
  EXPECT_NE(refusal({"get", kCid, "more"}).message().find("more"), std::string::npos);
  EXPECT_NE(refusal({"get", kCid, "--fly"}).hint().find("shoal get --help"), std::string::npos);
  refusal({});
  refusal({"get"});
  refusal({"share", ".", "--until-sent", "0"});
}

TEST(CommandLine, names_a_flag_that_it_does_not_know_when_no_command_is_there) {
  EXPECT_EQ(refusal({"--fly"}).message(), "there is no flag '--fly'");
  EXPECT_EQ(refusal({"--json", "--fly"}).message(), "there is no flag '--fly'");
}

TEST(CommandLine, suggests_the_command_that_a_mistyped_one_is_next_to) {
  EXPECT_NE(refusal({"shere"}).hint().find("did you mean `shoal share`?"), std::string::npos);
  EXPECT_NE(refusal({"help", "gte"}).hint().find("did you mean `shoal get`?"), std::string::npos);
  EXPECT_EQ(refusal({"fly"}).hint().find("did you mean"), std::string::npos);
}

TEST(CommandLine, helps_with_commands_that_there_are) {
  EXPECT_EQ(parse_command_line({"help"}).help, parse_command_line({"--help"}).help);
  EXPECT_EQ(parse_command_line({"help", "get"}).help, parse_command_line({"get", "--help"}).help);
  EXPECT_EQ(parse_command_line({"-v", "help", "get"}).help,
            parse_command_line({"help", "get"}).help);
  EXPECT_EQ(refusal({"help", "bogus"}).message(), "there is no command 'bogus'");
  refusal({"help", "get", "ls"});
}

TEST(CommandLine, refuses_to_take_a_dash_for_stdout) {
  EXPECT_NE(refusal({"get", kCid, "-o", "-"}).hint().find("shoal cat"), std::string::npos);
  EXPECT_TRUE(parse_command_line({"--home", "/h", "get", kCid, "-o", "./-"}).command);
}

}  // namespace
}  // namespace shoal::cli
