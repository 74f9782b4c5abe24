#include "net/web_tls.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/swarm_testing.h"
#include "net/transport/websocket/websocket.h"
#include "net/web_tls_testing.h"
#include "system/task_group.h"
#include "system/whole_file.h"

namespace shoal::net {
namespace {

using testing::echo;
using testing::failure_of;
using testing::kEcho;
using testing::pattern_bytes;
using testing::read_to_end;
using testing::TestNet;
using testing::TestNode;

constexpr std::uint16_t kPort = 443;
constexpr const char* kRoots = "/roots.pem";

Task<Bytes> write_and_read(Swarm& swarm, PeerId peer, Bytes sent, Waits& waits) {
  ProtocolStream opened = co_await swarm.open(std::move(peer), {kEcho});
  TaskGroup group(waits, "writer");
  struct Writer {
    static Task<void> run(Stream& stream, const Bytes& bytes) {
      co_await write_all(stream, bytes);
      co_await stream.close_write();
    }
  };
  group.spawn(Writer::run(*opened.stream, sent));
  Bytes back = co_await read_to_end(*opened.stream);
  co_await group.stop();
  co_return back;
}

/// `b` is a server of HTTPS, and `a` knows some roots of trust.
class WebTlsTest : public ::testing::Test {
 protected:
  TestNode& add(WebTlsOptions options) {
    testing::TestNodeOptions all;
    all.upgrade.web_tls = std::move(options);
    TestNode& node = net.add(std::move(all));
    node.swarm.add_transport(make_websocket_transport(node.system, node.upgrader));
    return node;
  }

  void serve(WebTlsOptions options = {}) {
    b = &add(std::move(options));
    b->swarm.listen(by_ip());
    b->swarm.protocols().add(kEcho, echo);
  }

  TestNode& client() {
    TestNode& a = add({.roots_file = kRoots});
    replace_whole(a.system.storage, a.system.storage.absolute(kRoots),
                  as_bytes(testing::kTestRoot));
    return a;
  }

  Multiaddr by_ip() const {
    return Multiaddr::tcp({b->host.address(), kPort}).encapsulate(Multiaddr::parse("/tls/ws"));
  }
  Multiaddr by_name(const std::string& name) {
    net.world.names().set_addresses(name, {b->host.address()});
    return Multiaddr::parse("/dns4/" + name + "/tcp/443/tls/ws");
  }

  static WebTlsOptions certified() {
    return {.certificates = to_bytes(testing::kTestCertificate),
            .key = to_bytes(testing::kTestKey)};
  }

  std::string failure(TestNode& a, const Multiaddr& where) {
    a.knows(b->id, where);
    const auto error = net.world.run(failure_of(a.swarm.connect(b->id)));
    return error ? error->message() : "none";
  }

  TestNet net;
  TestNode* b = nullptr;
};

TEST_F(WebTlsTest, carries_a_connection_to_an_ip_address) {
  serve();
  TestNode& a = client();
  a.knows(b->id, by_ip());
  const Bytes sent = pattern_bytes(3'000'000);
  EXPECT_TRUE(net.world.run(write_and_read(a.swarm, b->id, sent, a.system.waits)) == sent);
  EXPECT_EQ(a.swarm.best(b->id)->remote(), by_ip());
  const Multiaddr seen = b->swarm.best(a.id)->remote();
  EXPECT_TRUE(seen.has(AddressCode::tls) && seen.has(AddressCode::ws));
}

TEST_F(WebTlsTest, takes_a_name_that_a_root_vouches_for) {
  serve(certified());
  TestNode& a = client();
  EXPECT_EQ(failure(a, by_name("web.example")), "none");
  EXPECT_EQ(a.swarm.best(b->id)->remote().to_string(),
            "/ip4/" + b->host.address().to_string() + "/tcp/443/tls/sni/web.example/ws");
}

TEST_F(WebTlsTest, refuses_a_certificate_of_another_name) {
  serve(certified());
  EXPECT_NE(failure(client(), by_name("other.example")).find("hostname mismatch"),
            std::string::npos);
  EXPECT_EQ(b->swarm.connections().all().size(), 0U);
}

TEST_F(WebTlsTest, refuses_a_name_that_no_root_vouches_for) {
  serve();
  EXPECT_NE(failure(client(), by_name("web.example")).find("not trusted"), std::string::npos);
}

TEST_F(WebTlsTest, refuses_a_certificate_that_has_expired) {
  serve(certified());
  TestNode& a = client();
  net.world.clock().shift_wall(24h * 365 * 70);
  EXPECT_NE(failure(a, by_name("web.example")).find("expired"), std::string::npos);
}

TEST_F(WebTlsTest, knows_no_name_without_roots) {
  serve(certified());
  EXPECT_NE(failure(add({}), by_name("web.example")).find("this system trusts none"),
            std::string::npos);
  EXPECT_NE(failure(add({.roots_file = "/none.pem"}), by_name("web.example"))
                .find("no such file of trusted certificates"),
            std::string::npos);
}

TEST_F(WebTlsTest, reads_at_most_4_mib_of_roots) {
  serve(certified());
  const Multiaddr where = by_name("web.example");
  for (const bool more : {false, true}) {
    TestNode& a = client();
    Bytes roots = to_bytes(testing::kTestRoot);
    roots.resize(tls::Roots::kMaxBytes + (more ? 1 : 0), ' ');
    replace_whole(a.system.storage, a.system.storage.absolute(kRoots), roots);
    EXPECT_EQ(failure(a, where) == "none", !more);
  }
}

TEST_F(WebTlsTest, refuses_certificates_that_are_none) {
  const auto code_of = [this](WebTlsOptions options) {
    try {
      add(std::move(options));
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::failed;
  };
  WebTlsOptions other_key = certified();
  other_key.key = to_bytes(testing::kTestRoot);
  EXPECT_EQ(code_of(other_key), ErrorCode::malformed);
  WebTlsOptions no_certificate = certified();
  no_certificate.certificates = to_bytes("nothing");
  EXPECT_EQ(code_of(no_certificate), ErrorCode::malformed);
}

TEST_F(WebTlsTest, lets_whoever_says_something_else_go) {
  serve();
  TestNode& a = client();
  for (const std::string& text : {std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                  std::string("\x16\x03\x01\xff\xff") + std::string(65'535, 'a')}) {
    const auto raw = net.world.run(a.system.network.connect({b->host.address(), kPort}));
    net.world.run(failure_of(write_all(*raw, as_bytes(text))));
    EXPECT_TRUE(net.world.run(failure_of(read_to_end(*raw))).has_value());
  }
  EXPECT_EQ(b->swarm.connections().all().size(), 0U);
}

TEST_F(WebTlsTest, tells_at_once_that_nobody_speaks_tls) {
  serve();
  TestNode& a = client();
  const auto transport = make_websocket_transport(a.system, a.upgrader);
  const Multiaddr wrong = b->address().encapsulate(Multiaddr::parse("/tls/ws"));
  const TimePoint before = net.world.clock().now();
  EXPECT_TRUE(net.world.run(failure_of(transport->dial(wrong, b->id, DialAs{}))).has_value());
  EXPECT_LT(net.world.clock().now() - before, 1s);
}

}  // namespace
}  // namespace shoal::net
