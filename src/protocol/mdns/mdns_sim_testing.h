#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/swarm_testing.h"
#include "protocol/mdns/mdns.h"
#include "protocol/mdns/mdns_testing.h"

namespace shoal::mdns::testing {

using net::testing::TestNet;
using net::testing::TestNode;

inline const IpAddress kGroup = IpAddress::v4({224, 0, 0, 251});

/// A node that looks for others, and what it was told.
struct Finder {
  explicit Finder(TestNode& its_node, Options options = {})
      : node(its_node), mdns(its_node.system, its_node.swarm, std::move(options)) {
    mdns.when_found([this](const FoundPeer& each) { found.push_back(each); });
    mdns.when_gone([this](const GonePeer& each) { gone.push_back(each.peer); });
  }
  ~Finder() { stop(); }
  Finder(const Finder&) = delete;
  Finder& operator=(const Finder&) = delete;

  void stop() {
    if (!std::exchange(stopped, true)) node.host.world().run(mdns.stop());
  }
  /// How often the peer was reported as new.
  std::size_t times_fresh(const PeerId& peer) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        found, [&peer](const FoundPeer& each) { return each.fresh && each.peer == peer; }));
  }
  bool has_found(const TestNode& other) const { return times_fresh(other.id) > 0; }

  TestNode& node;
  Mdns mdns;
  std::vector<FoundPeer> found;
  std::vector<PeerId> gone;
  bool stopped = false;
};

struct Lan {
  explicit Lan(Duration latency = 1ms) : net(latency) {}
  TestNode& add(const std::string& lan = "home") { return net.add({}, {.lan = lan}); }
  sim::World& world() { return net.world; }

  TestNet net;
};

/// A host that sends what it likes, and keeps the messages that it gets.
class Stranger {
 public:
  explicit Stranger(Lan& lan, std::uint16_t port = kPort)
      : host_(lan.world().add_host({.lan = "home"})),
        socket_(host_.system().network.bind({IpAddress::any_v4(), port}, {.reuse = true})),
        tasks_(host_.system().waits, "stranger") {
    socket_->join_group(kGroup, 2);
    tasks_.spawn(receive());
  }
  ~Stranger() { host_.world().run(tasks_.stop()); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  void send(ByteView bytes) { EXPECT_EQ(socket_->send({kGroup, kPort}, bytes), SendResult::sent); }
  void send(const DnsMessage& message) { send(message.encode()); }
  void announce(const AnnouncedPeer& peer) {
    DnsMessage out{.response = true};
    const DnsName service = DnsName::parse(kServiceName);
    out.answers = {{.name = service, .ttl_seconds = 120, .data = Pointer{peer.instance}}};
    Texts texts;
    for (const Multiaddr& each : peer.addresses) {
      texts.push_back("dnsaddr=" + each.with_peer(peer.peer).to_string());
    }
    out.additional = {{.name = peer.instance, .ttl_seconds = 120, .data = texts}};
    send(out);
  }
  std::size_t answers_to_group() const {
    return static_cast<std::size_t>(std::ranges::count(to_, kGroup));
  }

  sim::Host& host() { return host_; }

  std::vector<DnsMessage> messages;

 private:
  Task<void> receive() {
    Bytes buffer(DnsMessage::kMaxBytes);
    while (true) {
      const auto got = co_await socket_->receive(buffer);
      DnsMessage message = DnsMessage::decode(ByteView(buffer).first(got.bytes));
      if (!message.response) continue;
      messages.push_back(std::move(message));
      to_.push_back(got.to);
    }
  }

  sim::Host& host_;
  std::unique_ptr<DatagramSocket> socket_;
  std::vector<IpAddress> to_;
  TaskGroup tasks_;
};

inline DnsMessage query_for_all(bool unicast = false) {
  DnsMessage out = peers_query(DnsName::parse(kServiceName), {});
  out.questions.front().unicast = unicast;
  return out;
}

}  // namespace shoal::mdns::testing
