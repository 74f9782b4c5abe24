#include "cli/qr_link.h"

#include <gtest/gtest.h>

#include "cli/qr_code.h"

namespace shoal::cli {
namespace {

service::Link link_from(const std::string& address) {
  return service::Link::parse(
      "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi?filename=a%20film.mkv"
      "&provider=%2Fip4%2F203.0.113.70%2Ftcp%2F23456%2Fp2p%2F"
      "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf&provider=" +
      address + "/p2p/12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf");
}

TEST(QrTexts, begin_with_the_whole_link) {
  const auto link = link_from("/ip4/10.0.0.1/tcp/23456");
  EXPECT_EQ(qr_texts(link).front(), link.to_string());
}

TEST(QrTexts, all_lead_to_the_same_content_and_peer) {
  const auto link = link_from("/ip4/10.0.0.1/tcp/23456");
  for (const std::string& text : qr_texts(link)) {
    const auto read = service::Link::parse(text);
    EXPECT_EQ(read.cid, link.cid) << text;
    ASSERT_FALSE(read.providers.empty()) << text;
    EXPECT_EQ(read.providers.front(), link.providers.front()) << text;
  }
}

TEST(QrTexts, fit_a_terminal_of_80_by_24_above_the_progress_line) {
  auto link = link_from("/ip4/10.0.0.1/tcp/23456");
  link.providers = {
      Multiaddr::parse("/ip4/203.113.113.170/tcp/23456").with_peer(*link.providers.front().peer())};
  EXPECT_FALSE(qr_code(qr_texts(link).back(), {.columns = 80, .rows = 23}).empty());
}

}  // namespace
}  // namespace shoal::cli
