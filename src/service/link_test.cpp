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
        "https://gateway.ipfs.io/ipfs/" + bare, "https://" + bare + ".ipfs.gateway.ipfs.io/",
        "ipfs://" + bare + "#fragment"}) {
    EXPECT_EQ(cid(text), bare) << text;
  }
}

TEST(Link, takes_off_what_a_mail_puts_around_it) {
  const std::string bare = kCid;
  for (const std::string& text :
       {" " + bare + "\n", "<" + bare + ">", "\t< ipfs://" + bare + " >\r\n"}) {
    EXPECT_EQ(cid(text), bare) << text;
  }
  for (const std::string& text : {"<<" + bare + ">>", "<" + bare, bare + ">", std::string("<>")}) {
    EXPECT_THROW(Link::parse(text), Error) << text;
  }
}

Error refusal(const std::string& text) {
  try {
    Link::parse(text);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "accepted " << text;
  return {ErrorCode::failed, ""};
}

TEST(Link, is_refused_with_little_of_it_quoted) {
  const std::string long_text = "ipfs://" + std::string(53, 'x') + "ü" + std::string(1000, 'y');
  const std::string message = refusal(long_text).what();
  const std::string shown = "'ipfs://" + std::string(53, 'x');
  EXPECT_TRUE(message.starts_with(shown)) << message;
  EXPECT_TRUE(message.ends_with("…' is not a Shoal or IPFS link")) << message;
  EXPECT_LT(message.size(), 120U);
  EXPECT_STREQ(refusal("").what(), "this link holds no CID");
}

TEST(Link, to_an_ipns_name_is_called_one) {
  const std::string key = "k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs";
  for (const std::string& text :
       {std::string("ipns://docs.ipfs.tech"), "ipns://" + key + "/a/path", "IPNS://" + key,
        std::string("/ipns/docs.ipfs.tech/x"), "https://ipfs.io/ipns/" + key,
        "https://" + key + ".ipns.dweb.link/x", " <ipns://" + key + ">", key, "ipfs://" + key,
        "/ipfs/" + key, "https://ipfs.io/ipfs/" + key}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_TRUE(error.message().starts_with("an IPNS name; Shoal reads ipfs links and CIDs so far"))
        << error.message();
    EXPECT_NE(error.hint(), "");
  }
  EXPECT_EQ(cid(std::string("https://ipns.example.com/ipfs/") + kCid), kCid);
}

TEST(Link, with_a_path_that_is_not_encoded_is_refused_with_how_to_do_it) {
  const std::string link = std::string(kCid) + "?filename=a&provider=" +
                           percent_encode(std::string("/ip4/127.0.0.1/tcp/1/p2p/") + kPeer);
  for (const char* path : {"/100% more", "/a & b", "/a&b/c"}) {
    EXPECT_EQ(refusal(link + path).hint(), kEncodingHint) << path;
  }
  const std::vector<std::string> expected = {"100% & more"};
  EXPECT_EQ(Link::parse(link + "/" + percent_encode(expected.front())).path, expected);
}

TEST(Link, keeps_the_path_below_the_cid) {
  const std::vector<std::string> expected = {"a b", "c"};
  const std::string bare = kCid;
  EXPECT_EQ(Link::parse("ipfs://" + bare + "/a%20b/c").path, expected);
  EXPECT_EQ(Link::parse("/ipfs/" + bare + "//a b/c/").path, expected);
  EXPECT_EQ(Link::parse("https://" + bare + ".ipfs.localhost:8080/a%20b/c?x=1").path, expected);
}

TEST(Link, takes_a_path_behind_the_whole_link) {
  const std::string address = std::string("/ip4/127.0.0.1/tcp/4001/p2p/") + kPeer;
  const std::string relayed = address + "/p2p-circuit/p2p/" + kPeer;
  const std::vector<std::string> expected = {"sub", "x y.txt"};
  Link link{.cid = Cid::parse(kCid), .path = {}, .filename = "a / b", .providers = {}};
  const std::string without_provider = link.to_string();
  link.providers = {Multiaddr::parse(address)};
  for (const std::string& text :
       {without_provider, link.to_string(), std::string(kCid) + "?provider=" + address,
        std::string(kCid) + "?filename=a&provider=" + relayed}) {
    const Link whole = Link::parse(text);
    EXPECT_TRUE(whole.path.empty()) << text;
    const Link below = Link::parse(text + "/sub/x%20y.txt");
    EXPECT_EQ(below.path, expected) << text;
    EXPECT_EQ(below.filename, whole.filename) << text;
    EXPECT_EQ(below.providers, whole.providers) << text;
    EXPECT_EQ(Link::parse(text + "/").path, whole.path) << text;
  }
}

TEST(Link, skips_a_provider_that_cannot_be_used) {
  const std::string bad = "/dns/example.com/tcp/443/tls/http";
  const std::string good = std::string("/ip4/127.0.0.1/tcp/4001/p2p/") + kPeer;
  const std::string text = std::string(kCid) + "?provider=" + bad;
  const Link link = Link::parse(text + "&provider=" + good);
  ASSERT_EQ(link.providers.size(), 1u);
  ASSERT_EQ(link.unusable.size(), 1u);
  EXPECT_TRUE(link.unusable.front().starts_with(bad)) << link.unusable.front();
  EXPECT_THROW(Link::parse(text), Error);
  EXPECT_TRUE(Link::parse(text, true).providers.empty());
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
