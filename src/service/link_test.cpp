#include "service/link.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::service {
namespace {

constexpr const char* kCid = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
constexpr const char* kPeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

std::string cid(const std::string& text) {
  return Link::parse(text).cid.to_string();
}

TEST(Link, takes_the_cid_from_every_accepted_form) {
  const std::string bare = kCid;
  for (const std::string& text :
       {bare, "ipfs://" + bare, "IPFS://" + bare, "/ipfs/" + bare, "https://ipfs.io/ipfs/" + bare,
        "http://127.0.0.1:8080/ipfs/" + bare + "?download=true",
        "https://" + bare + ".ipfs.dweb.link/", "https://" + bare + ".ipfs.dweb.link",
        "ipfs://" + bare + "#fragment"}) {
    EXPECT_EQ(cid(text), bare) << text;
  }
}

TEST(Link, keeps_the_path_below_the_cid) {
  const std::vector<std::string> expected = {"a b", "c"};
  const std::string bare = kCid;
  EXPECT_EQ(Link::parse("ipfs://" + bare + "/a%20b/c").path, expected);
  EXPECT_EQ(Link::parse("/ipfs/" + bare + "//a b/c/").path, expected);
  EXPECT_EQ(Link::parse("https://" + bare + ".ipfs.localhost:8080/a%20b/c?x=1").path, expected);
}

TEST(Link, reads_back_what_it_writes) {
  Link link{.cid = Cid::parse(kCid),
            .path = {"dir"},
            .filename = "Grüße & more.txt",
            .providers = {Multiaddr::parse(std::string("/ip4/127.0.0.1/tcp/4001/p2p/") + kPeer)}};
  const std::string text = link.to_string();
  EXPECT_EQ(text, std::string("ipfs://") + kCid +
                      "/dir?filename=Gr%C3%BC%C3%9Fe%20%26%20more.txt&provider="
                      "%2Fip4%2F127.0.0.1%2Ftcp%2F4001%2Fp2p%2F" +
                      kPeer);
  const Link again = Link::parse(text);
  EXPECT_EQ(again.filename, link.filename);
  EXPECT_EQ(again.providers, link.providers);
  EXPECT_EQ(again.path, link.path);
}

TEST(Link, B15_takes_eight_providers_and_ignores_the_ninth) {
  std::string text = std::string("ipfs://") + kCid + "?x=y";
  for (int i = 0; i < 9; ++i) {
    text += "&provider=/ip4/127.0.0.1/tcp/" + std::to_string(4000 + i) + "/p2p/" + kPeer;
  }
  EXPECT_EQ(Link::parse(text).providers.size(), Link::kMaxProviders);
}

TEST(Link, B15_takes_links_up_to_its_bounds_and_no_longer) {
  std::string text = std::string("ipfs://") + kCid + "?x=";
  text.resize(Link::kMaxTextBytes, 'y');
  EXPECT_EQ(Link::parse(text).cid.to_string(), kCid);
  EXPECT_THROW(Link::parse(text + 'y'), Error);
  std::string deep = kCid;
  for (std::size_t i = 0; i < Link::kMaxPathSegments; ++i) deep += "/d";
  EXPECT_EQ(Link::parse(deep).path.size(), Link::kMaxPathSegments);
  EXPECT_THROW(Link::parse(deep + "/d"), Error);
}

TEST(Link, B15_refuses_what_is_no_link_in_a_sentence) {
  const std::string bare = kCid;
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string("https://example.org/page"),
        "ipfs://" + bare + "?provider=%2Fip4%2F127.0.0.1%2Ftcp%2F1",
        "ipfs://" + bare + "?filename=%f", "ipfs://" + bare + "?provider=nonsense",
        std::string(Link::kMaxTextBytes + 1, 'a')}) {
    try {
      Link::parse(text);
      ADD_FAILURE() << "accepted " << text.substr(0, 80);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage) << text.substr(0, 80);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

}  // namespace
}  // namespace shoal::service
