#include "routing/http_router.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/web_tls_testing.h"
#include "system/sim/test_hosts.h"
#include "system/whole_file.h"

namespace shoal::routing {
namespace {

constexpr const char* kRoutedPeer = "12D3KooWM8sovaEGU1bmiWGWAzvs47DEcXKZZTuJnpQyVTkRs2Vn";
const Cid kAskedFor = Cid::v1(Codec::raw, Multihash::sha2_256(as_bytes("wanted")));

std::string http(const std::string& body, const std::string& type = "application/json",
                 const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string peer_record(const std::string& addresses) {
  return R"({"Schema":"peer","ID":")" + std::string(kRoutedPeer) + R"(","Addrs":[)" + addresses +
         "]}";
}

/// A host with a server that says the same to everybody, and one that asks.
struct HttpRoutes : ::testing::Test {
  ~HttpRoutes() override { world.run(tasks.stop()); }

  static Task<void> serve(HttpRoutes* test) {
    while (true) {
      std::unique_ptr<HostStream> stream = co_await test->listener->accept();
      Bytes buffer(4096);
      const std::size_t count = co_await stream->read_some(buffer);
      test->asked += as_text(ByteView(buffer).first(count));
      co_await write_all(*stream, as_bytes(test->answer));
      if (test->hangs) co_await test->world.clock().sleep_for(1h);
      co_await stream->close_write();
    }
  }
  HttpRouter router() {
    world.names().set_addresses("router.example", {server.address()});
    return HttpRouter(asker.system(), tls, RouterUrl::parse("http://router.example:8080/base/"));
  }
  std::vector<Found> providers() {
    HttpRouter asking = router();
    std::vector<Found> out;
    world.run(asking.find_providers(kAskedFor, [&](const Found& found) { out.push_back(found); }));
    return out;
  }
  std::optional<ErrorCode> failure() {
    try {
      providers();
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  sim::World world{{.path = {.latency = 25ms}}};
  sim::Host& asker = world.add_host();
  sim::Host& server = world.add_host();
  net::HandshakeLimiter gate{asker.system()};
  net::WebTls tls{asker.system(), gate, {}};
  std::unique_ptr<Listener> listener = server.system().network.listen({server.address(), 8080});
  TaskGroup tasks{world.waits(), "http"};
  std::string answer;
  std::string asked;
  bool hangs = false;
  bool begun = (tasks.spawn(serve(this)), true);
};

TEST_F(HttpRoutes, finds_providers_in_two_round_trips) {
  answer = http("{\"Providers\":[" + peer_record(R"("/ip4/8.8.8.8/tcp/1")") + "]}");
  const TimePoint begin = world.now();
  const auto found = providers();
  EXPECT_LE(world.now() - begin, 101ms);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].peer.to_string(), kRoutedPeer);
  EXPECT_EQ(found[0].source, Source::http);
  EXPECT_EQ(found[0].addresses, std::vector{Multiaddr::parse("/ip4/8.8.8.8/tcp/1")});
  EXPECT_TRUE(asked.starts_with("GET /base/routing/v1/providers/" + kAskedFor.to_string() +
                                " HTTP/1.1\r\nHost: router.example:8080\r\n"))
      << asked;
}

TEST_F(HttpRoutes, finds_a_peer_by_lines) {
  answer = http(peer_record(R"("/ip4/8.8.8.8/tcp/1")") + "\n", "application/x-ndjson");
  HttpRouter asking = router();
  std::size_t found = 0;
  world.run(asking.find_peer(PeerId::parse(kRoutedPeer), [&](const Found&) { ++found; }));
  EXPECT_EQ(found, 1u);
  const std::string name = asked.substr(0, asked.find(" HTTP"));
  EXPECT_EQ(PeerId::parse(name.substr(name.rfind('/') + 1)).to_string(), kRoutedPeer);
}

TEST_F(HttpRoutes, does_not_believe_private_addresses_from_afar) {
  answer = http(peer_record(R"("/ip4/192.168.0.1/tcp/1","/ip4/127.0.0.1/tcp/1","/dns4/x/tcp/1")"),
                "application/x-ndjson");
  const auto found = providers();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].addresses.empty());
}

TEST_F(HttpRoutes, takes_404_for_nobody_and_other_answers_for_failures) {
  answer = http("no", "text/plain", "404 Not Found");
  EXPECT_TRUE(providers().empty());
  answer = http("no", "text/plain", "500 Oh");
  EXPECT_EQ(failure(), ErrorCode::failed);
  answer = "nonsense\r\n\r\n";
  EXPECT_EQ(failure(), ErrorCode::malformed);
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
  EXPECT_EQ(failure(), ErrorCode::malformed);
}

TEST_F(HttpRoutes, gives_up_after_10_s) {
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
  hangs = true;
  const TimePoint begin = world.now();
  EXPECT_EQ(failure(), ErrorCode::timeout);
  EXPECT_EQ(world.now() - begin, HttpRouter::kTimeout);
}

/// A server of HTTPS as `web.example`, by a certificate of the test's own root.
struct HttpsRoutes : ::testing::Test {
  ~HttpsRoutes() override { world.run(tasks.stop()); }

  static Task<void> serve(HttpsRoutes* test) {
    while (true) {
      std::unique_ptr<Stream> plain = co_await test->listener->accept();
      try {
        const Multiaddr from = Multiaddr::tcp({test->asker.address(), 1});
        auto stream = co_await test->server_tls.inbound(std::move(plain), from);
        Bytes buffer(4096);
        const std::size_t count = co_await stream->read_some(buffer);
        test->asked += as_text(ByteView(buffer).first(count));
        const std::string answer = http(peer_record(""), "application/x-ndjson");
        co_await write_all(*stream, as_bytes(answer));
        co_await stream->close_write();
      } catch (const Error&) {
        // The asker did not like the certificate.
      }
    }
  }
  /// Throws as it does.
  std::size_t providers(const std::string& name) {
    world.names().set_addresses(name, {server.address()});
    replace_whole(asker.system().storage, asker.system().storage.absolute(kRoots),
                  as_bytes(net::testing::kTestRoot));
    HttpRouter asking(asker.system(), tls, RouterUrl::parse("https://" + name));
    std::size_t found = 0;
    world.run(asking.find_providers(kAskedFor, [&](const Found&) { ++found; }));
    return found;
  }

  static constexpr const char* kRoots = "/roots.pem";
  sim::World world{{.path = {.latency = 25ms}}};
  sim::Host& asker = world.add_host();
  sim::Host& server = world.add_host();
  net::HandshakeLimiter gate{asker.system()};
  net::WebTls tls{asker.system(), gate, {.roots_file = kRoots}};
  net::HandshakeLimiter server_gate{server.system()};
  net::WebTls server_tls{server.system(),
                         server_gate,
                         {.certificates = to_bytes(net::testing::kTestCertificate),
                          .key = to_bytes(net::testing::kTestKey)}};
  std::unique_ptr<Listener> listener = server.system().network.listen({server.address(), 443});
  TaskGroup tasks{world.waits(), "https"};
  std::string asked;
  bool begun = (tasks.spawn(serve(this)), true);
};

TEST_F(HttpsRoutes, asks_a_server_that_a_root_vouches_for) {
  EXPECT_EQ(providers("web.example"), 1U);
  EXPECT_TRUE(asked.find("\r\nHost: web.example\r\n") != std::string::npos) << asked;
}

TEST_F(HttpsRoutes, tells_nothing_to_a_server_of_another_name) {
  EXPECT_THROW(providers("other.example"), Error);
  EXPECT_EQ(asked, "");
}

TEST(RouterUrl, reads_what_it_can_ask_and_refuses_the_rest) {
  const RouterUrl url = RouterUrl::parse("http://[::1]:81/a/b//");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 81);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.authority(), "[::1]:81");
  EXPECT_EQ(RouterUrl::parse("http://example.org").authority(), "example.org");
  EXPECT_EQ(RouterUrl::parse("https://example.org/").authority(), "example.org");
  EXPECT_EQ(RouterUrl::parse("https://example.org").port, 443);
  EXPECT_EQ(RouterUrl::parse("https://example.org:80").authority(), "example.org:80");
  for (const char* text :
       {"", "example.org", "https://127.0.0.1", "https://[::1]:8", "https://", "ftp://x", "http://",
        "http://:80", "http://x:0", "http://x:65536", "http://x:1x", "http://u:p@x", "http://x/?q",
        "http://x/#f", "http://[::1", "http://[::1]x", "http://x/a b", "http://x/a\r\nHost: y"}) {
    EXPECT_THROW(RouterUrl::parse(text), Error) << text;
  }
}

}  // namespace
}  // namespace shoal::routing
