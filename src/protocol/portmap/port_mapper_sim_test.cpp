#include "protocol/portmap/port_mapper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "protocol/portmap/pmp_message.h"
#include "protocol/portmap/upnp_client.h"
#include "system/sim/home_router.h"
#include "system/sim/world.h"

namespace shoal::portmap {
namespace {

constexpr Port kTcp{.udp = false, .number = 4001};
constexpr Port kUdp{.udp = true, .number = 4001};
const IpAddress kHomeOutside = IpAddress::v4({198, 51, 100, 7});
const IpAddress kRouterAt = IpAddress::v4({192, 168, 1, 1});
const IpAddress kOwn = IpAddress::v4({192, 168, 1, 2});

/// A machine at home, whose router each test makes as it needs it.
class PortMapperTest : public ::testing::Test {
 protected:
  ~PortMapperTest() override {
    if (mapper) world.run(mapper->stop());
    mapper.reset();
    if (router) world.run(router->stop());
    world.run(tasks.stop());
  }

  void start() {
    mapper = std::make_unique<PortMapper>(host.system(), [this] { return ports; });
    mapper->when_changed([this] { ++changes; });
    mapper->start();
  }
  void use_router() {
    router = std::make_unique<sim::HomeRouter>(world, nat, kRouterAt);
    router->serve(host);
  }
  std::optional<Endpoint> outside(Port port = kTcp) const {
    const auto all = mapper->mappings();
    const auto found = all.find(port);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }

  sim::World world;
  sim::Nat nat{world, {.address = kHomeOutside}};
  sim::Host& host = add_home();
  std::unique_ptr<sim::HomeRouter> router;
  std::vector<Port> ports = {kTcp};
  std::unique_ptr<PortMapper> mapper;
  int changes = 0;
  TaskGroup tasks{world.waits(), "router"};

 private:
  sim::Host& add_home() {
    sim::Host& out = world.add_host({.addresses = {kOwn}, .lan = "home", .routed = false});
    nat.add(out);
    return out;
  }
};

TEST_F(PortMapperTest, forwards_ports_by_nat_pmp) {
  ports = {kTcp, kUdp};
  use_router();
  start();
  world.run_for(10s);
  EXPECT_EQ(mapper->protocol(), "NAT-PMP");
  EXPECT_EQ(outside(kTcp), (Endpoint{kHomeOutside, 4001}));
  EXPECT_EQ(outside(kUdp), (Endpoint{kHomeOutside, 4001}));
  EXPECT_TRUE(nat.forwards(true, 4001));
  EXPECT_TRUE(nat.forwards(false, 4001));
  EXPECT_EQ(mapper->failure(), "");
}

TEST_F(PortMapperTest, takes_another_port_where_the_wanted_one_is_taken) {
  sim::Host& other =
      world.add_host({.addresses = {IpAddress::v4({192, 168, 1, 3})}, .routed = false});
  nat.add(other);
  nat.forward(true, {other.address(), 4001}, 4001);
  use_router();
  start();
  world.run_for(10s);
  ASSERT_TRUE(outside());
  EXPECT_NE(outside()->port, 4001);
  EXPECT_TRUE(nat.forwards(true, outside()->port));
}

TEST_F(PortMapperTest, renews_at_half_the_lease) {
  use_router();
  start();
  world.run_for(10s);
  const std::size_t before = router->requests();
  world.run_for(kLease / 2 - 20s);
  EXPECT_EQ(router->requests(), before);
  world.run_for(30s);
  EXPECT_GT(router->requests(), before);
  EXPECT_EQ(changes, 1);
}

TEST_F(PortMapperTest, gives_ports_back_at_the_end) {
  use_router();
  start();
  world.run_for(10s);
  ASSERT_TRUE(nat.forwards(true, 4001));
  world.run(mapper->stop());
  EXPECT_FALSE(nat.forwards(true, 4001));
}

TEST_F(PortMapperTest, gives_a_port_back_that_is_listened_on_no_more) {
  ports = {kTcp, kUdp};
  use_router();
  start();
  world.run_for(10s);
  ports = {kUdp};
  world.run_for(10s);
  EXPECT_FALSE(nat.forwards(true, 4001));
  EXPECT_TRUE(nat.forwards(false, 4001));
  EXPECT_FALSE(outside(kTcp));
}

TEST_F(PortMapperTest, ends_in_time_when_the_router_is_gone) {
  use_router();
  start();
  world.run_for(10s);
  router->host().set_online(false);
  const TimePoint begun = world.now();
  world.run(mapper->stop());
  EXPECT_LE(world.now() - begun, PortMapper::kReleaseTime);
}

TEST_F(PortMapperTest, notices_a_new_address_of_the_router) {
  use_router();
  start();
  world.run_for(10s);
  const IpAddress moved = IpAddress::v4({198, 51, 100, 99});
  nat.move_to(moved);
  world.run_for(kLease / 2 + 10s);
  EXPECT_EQ(outside(), (Endpoint{moved, 4001}));
  EXPECT_TRUE(nat.forwards(true, 4001));
}

TEST_F(PortMapperTest, asks_the_router_of_a_new_network) {
  start();
  world.run_for(30s);
  EXPECT_TRUE(mapper->has_tried());
  EXPECT_NE(mapper->failure(), "");
  use_router();
  world.run_for(10s);
  EXPECT_EQ(outside(), (Endpoint{kHomeOutside, 4001}));
}

TEST_F(PortMapperTest, no_router_is_believed_to_be_at_a_private_address) {
  use_router();
  router->claim(IpAddress::v4({10, 1, 2, 3}));
  start();
  world.run_for(30s);
  EXPECT_FALSE(outside());
  EXPECT_FALSE(nat.forwards(true, 4001)) << "what is of no use is given back";
  EXPECT_NE(mapper->failure().find("10.1.2.3"), std::string::npos) << mapper->failure();
}

TEST_F(PortMapperTest, maps_no_more_than_so_many_ports) {
  ports.clear();
  for (std::uint16_t i = 0; i <= PortMapper::kMaxPorts; ++i) {
    ports.push_back({.udp = true, .number = static_cast<std::uint16_t>(5000 + i)});
  }
  use_router();
  start();
  world.run_for(10s);
  EXPECT_EQ(mapper->mappings().size(), PortMapper::kMaxPorts);
}

/// A router of a test's own, by PCP, NAT-PMP or UPnP: answers each datagram as `reply` says.
class Replies {
 public:
  using Reply = std::function<Bytes(ByteView)>;

  Replies(sim::World& world, sim::Host& host, Endpoint at, Reply reply)
      : reply_(std::move(reply)),
        socket_(host.system().network.bind(at)),
        tasks_(world.waits(), "replies") {
    if (at.port == 1900) socket_->join_group(IpAddress::v4({239, 255, 255, 250}), 2);
    tasks_.spawn(serve());
  }
  Task<void> stop() { return tasks_.stop(); }
  int count = 0;

 private:
  Task<void> serve() {
    Bytes buffer(2000);
    while (true) {
      const DatagramSocket::Received got = co_await socket_->receive(buffer);
      ++count;
      const Bytes out = reply_(ByteView(buffer).first(got.bytes));
      if (!out.empty()) socket_->send(got.from, out);
    }
  }

  const Reply reply_;
  std::unique_ptr<DatagramSocket> socket_;
  TaskGroup tasks_;
};

/// The place of a router is taken by something else.
class StrangeRouter : public PortMapperTest {
 protected:
  void SetUp() override {
    use_router();
    world.run(router->stop());
    router->release_port();
    gateway = &router->host();
  }

  sim::Host* gateway = nullptr;
};

Bytes pcp_answer(ByteView request, std::uint16_t outside) {
  Bytes out = to_bytes(request);
  out[1] |= 0x80;
  out[3] = 0;
  out[42] = static_cast<std::uint8_t>(outside >> 8);
  out[43] = static_cast<std::uint8_t>(outside);
  std::ranges::copy(kHomeOutside.bytes(), out.begin() + 56);
  out[54] = out[55] = 0xff;
  return out;
}

TEST_F(StrangeRouter, forwards_by_pcp) {
  Replies pcp(world, *gateway, {kRouterAt, kPmpPort},
              [](ByteView request) { return pcp_answer(request, 7777); });
  start();
  world.run_for(10s);
  EXPECT_EQ(mapper->protocol(), "PCP");
  EXPECT_EQ(outside(), (Endpoint{kHomeOutside, 7777}));
  world.run(mapper->stop());
  EXPECT_EQ(pcp.count, 2) << "asked once, and given back once";
  world.run(pcp.stop());
}

TEST_F(StrangeRouter, answers_with_another_nonce_do_not_count) {
  Replies pcp(world, *gateway, {kRouterAt, kPmpPort}, [](ByteView request) {
    if (request[0] != 2) return Bytes{};
    Bytes out = pcp_answer(request, 7777);
    out[24] ^= 1;
    return out;
  });
  start();
  world.run_for(30s);
  EXPECT_FALSE(outside());
  world.run(pcp.stop());
}

TEST_F(StrangeRouter, a_flood_of_rubbish_ends_the_request) {
  Replies pcp(world, *gateway, {kRouterAt, kPmpPort}, [](ByteView) { return Bytes(3, 0xff); });
  start();
  world.run_for(30s);
  EXPECT_FALSE(outside());
  EXPECT_TRUE(mapper->has_tried());
  world.run(pcp.stop());
}

/// A web server of one page for each kind of request.
class Web {
 public:
  Web(sim::World& world, sim::Host& host, std::function<std::string(const std::string&)> page)
      : page_(std::move(page)),
        listener_(host.system().network.listen({kRouterAt, 5000})),
        tasks_(world.waits(), "web") {
    tasks_.spawn(serve());
  }
  Task<void> stop() { return tasks_.stop(); }
  std::vector<std::string> requests;

 private:
  Task<void> serve() {
    while (true) {
      std::unique_ptr<HostStream> stream = co_await listener_->accept();
      Bytes got(4000);
      const std::size_t count = co_await stream->read_some(got);
      requests.emplace_back(as_text(ByteView(got).first(count)));
      const std::string answer = page_(requests.back());
      try {
        co_await write_all(*stream, as_bytes(answer));
        co_await stream->close_write();
        while (co_await stream->read_some(got) > 0) {
        }
      } catch (const Error&) {
        // Who has read enough goes.
      }
    }
  }

  const std::function<std::string(const std::string&)> page_;
  std::unique_ptr<Listener> listener_;
  TaskGroup tasks_;
};

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string description(const std::string& control) {
  return http(200,
              "<root><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1"
              "</serviceType><controlURL>" +
                  control + "</controlURL></service></root>");
}

/// It answers by UPnP alone.
class UpnpRouter : public PortMapperTest {
 protected:
  UpnpRouter() {
    gateway = &world.add_host({.addresses = {kRouterAt}, .lan = "home", .routed = false});
    nat.add(*gateway);
  }
  ~UpnpRouter() override {
    if (mapper) world.run(mapper->stop());
    if (search_) world.run(search_->stop());
    if (web) world.run(web->stop());
  }

  void serve(const std::string& place, std::function<std::string(const std::string&)> page) {
    search_ = std::make_unique<Replies>(world, *gateway, Endpoint{IpAddress::any_v4(), 1900},
                                        [place](ByteView) {
                                          return to_bytes(
                                              "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:"
                                              "InternetGatewayDevice:1\r\nLOCATION: " +
                                              place + "\r\n\r\n");
                                        });
    web = std::make_unique<Web>(world, *gateway, std::move(page));
  }

  static std::string honest(const std::string& request) {
    if (request.starts_with("GET ")) return description("/ctl");
    if (request.find("#GetExternalIPAddress") != std::string::npos) {
      return http(200, "<NewExternalIPAddress>198.51.100.7</NewExternalIPAddress>");
    }
    return http(200, "");
  }
  static std::string refusing(const std::string& request, const std::string& part, int code) {
    if (request.find("#AddPortMapping") == std::string::npos) return honest(request);
    if (request.find(part) == std::string::npos) return http(200, "");
    return http(500, "<errorCode>" + std::to_string(code) + "</errorCode>");
  }
  int asked_with(const std::string& part) const {
    return static_cast<int>(std::ranges::count_if(web->requests, [&](const std::string& each) {
      return each.find(part) != std::string::npos;
    }));
  }

  const std::string kPlace = "http://192.168.1.1:5000/root.xml";
  sim::Host* gateway = nullptr;
  std::unique_ptr<Web> web;

 private:
  std::unique_ptr<Replies> search_;
};

TEST_F(UpnpRouter, forwards_and_takes_back) {
  serve(kPlace, honest);
  start();
  world.run_for(10s);
  EXPECT_EQ(mapper->protocol(), "UPnP");
  EXPECT_EQ(outside(), (Endpoint{kHomeOutside, 4001}));
  EXPECT_EQ(asked_with("<NewInternalClient>192.168.1.2</NewInternalClient>"), 1);
  world.run(mapper->stop());
  EXPECT_EQ(asked_with("#DeletePortMapping"), 1);
}

TEST_F(UpnpRouter, takes_another_port_when_one_is_taken) {
  serve(kPlace, [](const std::string& request) {
    return refusing(request, "<NewExternalPort>4001<", 718);
  });
  start();
  world.run_for(10s);
  ASSERT_TRUE(outside());
  EXPECT_NE(outside()->port, 4001);
}

TEST_F(UpnpRouter, gives_up_when_every_port_is_taken) {
  serve(kPlace, [](const std::string& request) { return refusing(request, "", 718); });
  start();
  world.run_for(10s);
  EXPECT_FALSE(outside());
  EXPECT_EQ(asked_with("#AddPortMapping"), kUpnpPortTries);
  EXPECT_NE(mapper->failure().find("718"), std::string::npos) << mapper->failure();
}

TEST_F(UpnpRouter, asks_for_ever_where_leases_are_not_known) {
  serve(kPlace, [](const std::string& request) {
    return refusing(request, "<NewLeaseDuration>1200<", 725);
  });
  start();
  world.run_for(10s);
  EXPECT_TRUE(outside());
  EXPECT_EQ(asked_with("<NewLeaseDuration>0<"), 1);
  world.run(mapper->stop());
  EXPECT_EQ(asked_with("#DeletePortMapping"), 1);
}

TEST_F(UpnpRouter, is_not_followed_to_another_host) {
  serve("http://192.168.1.9:5000/root.xml", honest);
  start();
  world.run_for(10s);
  EXPECT_TRUE(web->requests.empty());
  EXPECT_FALSE(outside());
}

TEST_F(UpnpRouter, redirects_are_not_followed) {
  serve(kPlace, [](const std::string&) {
    return std::string("HTTP/1.1 302 X\r\nLocation: http://192.168.1.2/\r\n\r\n");
  });
  start();
  world.run_for(10s);
  EXPECT_FALSE(outside());
  EXPECT_EQ(web->requests.size(), 1U);
}

TEST_F(UpnpRouter, an_answer_without_end_is_cut_off) {
  serve(kPlace,
        [](const std::string&) { return "HTTP/1.1 200 X\r\n\r\n" + std::string(1'000'000, ' '); });
  start();
  world.run_for(20s);
  EXPECT_TRUE(mapper->has_tried());
  EXPECT_FALSE(outside());
}

}  // namespace
}  // namespace shoal::portmap
