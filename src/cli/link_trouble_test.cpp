#include "cli/link_trouble.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

constexpr const char* kTroubleCid = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
const std::string kProvider =
    "provider=/ip4/127.0.0.1/tcp/1/p2p/12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj";

std::string hint_for(const std::string& link, ErrorCode code, const std::string& hint = {}) {
  const service::Link parsed = service::Link::parse(kTroubleCid + link);
  return explain(Error(code, "what", "subject", hint), parsed).hint();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST(LinkTrouble, tells_of_quotes_when_the_link_may_have_been_cut_by_the_shell) {
  EXPECT_TRUE(has(hint_for("?filename=x", ErrorCode::not_found, "ask"), "quotes"));
  EXPECT_TRUE(has(hint_for("?filename=x", ErrorCode::not_found, "ask"), "ask"));
  EXPECT_FALSE(has(hint_for("", ErrorCode::not_found, "ask"), "quotes"));
  EXPECT_FALSE(has(hint_for("?filename=x&" + kProvider, ErrorCode::not_found), "quotes"));
}

TEST(LinkTrouble, tells_how_a_path_is_written_when_it_is_not_there) {
  const std::string hint = hint_for("/a?" + kProvider, ErrorCode::not_found);
  EXPECT_TRUE(has(hint, "% is %25, & is %26, # is %23, ? is %3F")) << hint;
  EXPECT_EQ(hint_for("?" + kProvider, ErrorCode::not_found), "");
  EXPECT_EQ(hint_for("/a?" + kProvider, ErrorCode::not_found, "known better"), "known better");
}

TEST(LinkTrouble, tells_how_far_the_addresses_reach) {
  const auto hint = [](const std::string& address) {
    return hint_for(
        "?provider=" + address + "/p2p/12D3KooWSahP5pFRCEfaziPEba7urXGeif6T1y8jmodzdFUvzBHj",
        ErrorCode::unreachable, "is it running");
  };
  EXPECT_TRUE(has(hint("/ip4/127.0.0.1/tcp/1"), "this machine only"));
  EXPECT_TRUE(has(hint("/ip4/192.168.1.2/tcp/1"), "private"));
  EXPECT_TRUE(has(hint("/ip4/192.168.1.2/tcp/1"), "is it running"));
  EXPECT_TRUE(has(hint(""), "no address"));
  EXPECT_EQ(hint("/ip4/203.0.113.7/tcp/1"), "is it running");
}

TEST(LinkTrouble, leaves_other_errors_as_they_are) {
  EXPECT_EQ(hint_for("/a?filename=x", ErrorCode::unreachable), "");
  const service::Link link = service::Link::parse(kTroubleCid);
  const Error same = explain(Error(ErrorCode::not_found, "what", "subject", "hint"), link);
  EXPECT_STREQ(same.what(), "subject: what");
  EXPECT_EQ(same.hint(), "hint");
}

}  // namespace
}  // namespace shoal::cli
