#include "routing/delegated_answer.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::routing {
namespace {

constexpr const char* kPeer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn";
constexpr const char* kOther = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vz";

std::string record(const std::string& fields) {
  return R"({"Schema":"peer","ID":")" + std::string(kPeer) + '"' + fields + "}";
}

TEST(DelegatedAnswer, reads_peers_of_one_object) {
  const auto found = decode_delegated(
      R"({"Providers":[)" +
          record(
              R"(,"Addrs":["/ip4/192.0.2.1/tcp/4001","/dns4/example.org/tcp/1"],"Protocols":["transport-bitswap"])") +
          R"(],"Peers":[)" + record("") + "]}",
      false);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].id.to_string(), kPeer);
  EXPECT_EQ(found[0].addresses.size(), 2u);
  EXPECT_TRUE(found[1].addresses.empty());
}

TEST(DelegatedAnswer, reads_a_record_a_line) {
  const auto found = decode_delegated(record("") + "\n\r\n" + record("") + "\n", true);
  EXPECT_EQ(found.size(), 2u);
  EXPECT_TRUE(decode_delegated("", true).empty());
}

TEST(DelegatedAnswer, takes_the_older_bitswap_records) {
  const auto found = decode_delegated(
      R"({"Schema":"bitswap","Protocol":"transport-bitswap","ID":")" + std::string(kPeer) + R"("})",
      true);
  EXPECT_EQ(found.size(), 1u);
}

TEST(DelegatedAnswer, leaves_out_what_is_of_no_use) {
  for (const std::string& line :
       {record(R"(,"Protocols":["transport-ipfs-gateway-http"])"),
        std::string(R"({"Schema":"unknown","ID":"x"})"), std::string(R"({"Schema":"peer"})"),
        std::string(R"({"Schema":"peer","ID":7})"), std::string(R"({"Schema":"peer","ID":"x"})"),
        std::string("[]"), std::string("1")}) {
    EXPECT_TRUE(decode_delegated(line, true).empty()) << line;
  }
  const auto found =
      decode_delegated(record(R"(,"Addrs":["nonsense",5,"/ip4/192.0.2.1/tcp/1/p2p/)" +
                              std::string(kOther) + R"("])"),
                       true);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].addresses.empty());
}

TEST(DelegatedAnswer, keeps_100_peers_and_16_addresses) {
  std::string lines;
  for (std::size_t i = 0; i <= kMaxDelegatedPeers; ++i) lines += record("") + "\n";
  EXPECT_EQ(decode_delegated(lines, true).size(), kMaxDelegatedPeers);
  std::string addresses;
  for (int i = 1; i <= 17; ++i) {
    addresses +=
        (i > 1 ? "," : "") + std::string("\"/ip4/192.0.2.") + std::to_string(i) + "/tcp/1\"";
  }
  const auto found = decode_delegated(record(",\"Addrs\":[" + addresses + "]"), true);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].addresses.size(), DelegatedPeer::kMaxAddresses);
}

TEST(DelegatedAnswer, refuses_what_is_no_json_or_nested_deep) {
  EXPECT_THROW(decode_delegated("<html>", false), Error);
  EXPECT_THROW(decode_delegated("[]", false), Error);
  EXPECT_THROW(decode_delegated("{", true), Error);
  EXPECT_NO_THROW(decode_delegated("[[[[[[[[]]]]]]]]", true));
  EXPECT_THROW(decode_delegated("[[[[[[[[[]]]]]]]]]", true), Error);
}

}  // namespace
}  // namespace shoal::routing
