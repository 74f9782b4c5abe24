#include "cli/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"

namespace shoal::cli {
namespace {

constexpr const char* kPeer = "12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj";

class HomeTest : public testing::Test {
 protected:
  HomeTest() {
    ::unsetenv("SHOAL_HOME");
    ::unsetenv("XDG_DATA_HOME");
    ::setenv("HOME", "/home/ada", 1);
  }
};

TEST_F(HomeTest, is_where_the_variable_says) {
  ::setenv("SHOAL_HOME", "relative/is/fine", 1);
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(default_home(), "relative/is/fine");
}

TEST_F(HomeTest, is_among_the_users_data_otherwise) {
  EXPECT_EQ(default_home(), "/home/ada/.local/share/shoal");
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(default_home(), "/data/shoal");
  ::setenv("XDG_DATA_HOME", "not/absolute", 1);
  EXPECT_EQ(default_home(), "/home/ada/.local/share/shoal");
}

TEST_F(HomeTest, must_be_somewhere) {
  ::unsetenv("HOME");
  EXPECT_THROW(default_home(), Error);
}

template <class Parse>
bool is_usage(Parse parse) {
  try {
    parse();
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::usage && !error.hint().empty();
  }
}

TEST(Options, take_addresses_only) {
  EXPECT_EQ(parse_listen("/ip4/127.0.0.1/tcp/0").to_string(), "/ip4/127.0.0.1/tcp/0");
  EXPECT_TRUE(is_usage([] { parse_listen("127.0.0.1:80"); }));
  EXPECT_TRUE(is_usage([] { parse_listen(""); }));
}

TEST(Options, want_to_know_whom_to_connect) {
  const std::string address = "/ip4/127.0.0.1/tcp/4001";
  EXPECT_TRUE(parse_peer_address("--connect", address + "/p2p/" + kPeer).peer().has_value());
  EXPECT_TRUE(is_usage([&] { parse_peer_address("--connect", address); }));
  EXPECT_TRUE(is_usage([] { parse_peer_address("--connect", "somewhere"); }));
}

TEST(Options, know_three_kinds_of_color) {
  EXPECT_EQ(parse_color("auto"), ColorWhen::automatic);
  EXPECT_EQ(parse_color("always"), ColorWhen::always);
  EXPECT_EQ(parse_color("never"), ColorWhen::never);
  EXPECT_TRUE(is_usage([] { parse_color("red"); }));
}

}  // namespace
}  // namespace shoal::cli
