#include "net/swarm/dialer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "net/swarm/swarm_sim_testing.h"

namespace shoal::net {
namespace {

using testing::code_of;
using testing::failure_of;
using testing::TestNet;
using testing::TestNode;

/// Notes when which address is dialled; nobody ever answers, or somebody refuses at once.
class SilentTransport final : public Transport {
 public:
  SilentTransport(Clock& clock, ErrorCode code) : clock_(clock), begin_(clock.now()), code_(code) {}

  bool handles(const Multiaddr& address) const override {
    return !address.has(AddressCode::webrtc_direct);
  }
  Task<Link> dial(Multiaddr address, PeerId, DialAs /*as*/) override {
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(clock_.now() - begin_);
    tried.push_back(std::to_string(passed.count()) + " " + address.to_string());
    if (code_ == ErrorCode::timeout) co_await clock_.sleep_for(1h);
    throw Error(code_, "nobody is there");
  }
  std::unique_ptr<TransportListener> listen(const Multiaddr&) override { return nullptr; }

  std::vector<std::string> tried;

 private:
  Clock& clock_;
  const TimePoint begin_;
  const ErrorCode code_;
};

class DialerTest : public ::testing::Test {
 protected:
  explicit DialerTest(ErrorCode code = ErrorCode::unreachable)
      : system(world.add_host().system()),
        peers(system.clock),
        transports(make(code)),
        dialer(system, transports, peers, DialLimiter::kMaxAtOnce) {}

  std::vector<std::unique_ptr<Transport>> make(ErrorCode code) {
    auto made = std::make_unique<SilentTransport>(system.clock, code);
    transport = made.get();
    std::vector<std::unique_ptr<Transport>> out;
    out.push_back(std::move(made));
    return out;
  }

  void knows(const std::string& text, AddressSource source = AddressSource::claimed) {
    peers.add_address(peer, Multiaddr::parse(text), source, 24h);
  }
  Error dial() {
    const auto failure = world.run(failure_of(dialer.dial(peer, peers.known(peer))));
    return failure ? *failure : Error(ErrorCode::usage, "it was reached");
  }
  std::size_t attempts() {
    dial();
    return std::exchange(transport->tried, {}).size();
  }

  sim::World world;
  System& system;
  PeerStore peers;
  SilentTransport* transport = nullptr;
  std::vector<std::unique_ptr<Transport>> transports;
  Dialer dialer;
  const PeerId peer = PeerId::from_public_key(testing::key_of(9).public_key());
};

class SilentDialerTest : public DialerTest {
 protected:
  SilentDialerTest() : DialerTest(ErrorCode::timeout) {}
};

TEST_F(SilentDialerTest, tries_the_next_address_each_250_ms) {
  knows("/ip4/192.0.2.1/tcp/1");
  knows("/ip4/192.0.2.1/udp/1/quic-v1");
  knows("/ip4/192.0.2.1/udp/1/webrtc-direct");
  knows("/ip4/10.0.0.1/tcp/1");
  EXPECT_THAT(dial().message(), ::testing::HasSubstr("webrtc-direct: no transport"));
  EXPECT_THAT(transport->tried,
              ::testing::ElementsAre("0 /ip4/10.0.0.1/tcp/1", "250 /ip4/192.0.2.1/udp/1/quic-v1",
                                     "500 /ip4/192.0.2.1/tcp/1"));
}

TEST_F(SilentDialerTest, takes_in_addresses_that_become_known_meanwhile) {
  knows("/ip4/10.0.0.1/tcp/1");
  LateAddresses late;
  world.after(3s, [&] {
    knows("/ip4/192.0.2.1/tcp/1");
    late.take(peers.known(peer));
  });
  world.run(failure_of(dialer.dial(peer, peers.known(peer), {}, &late)));
  EXPECT_THAT(transport->tried,
              ::testing::ElementsAre("0 /ip4/10.0.0.1/tcp/1", "3000 /ip4/192.0.2.1/tcp/1"));
  EXPECT_FALSE(late.take);
}

TEST_F(SilentDialerTest, takes_in_so_many_addresses_of_a_peer_and_no_more) {
  LateAddresses late;
  knows("/ip4/10.0.0.1/tcp/1");
  for (int i = 1; i <= 100; ++i) {
    world.after(i * 10ms, [&, i] {
      if (late.take)
        late.take({{Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(i)),
                    AddressSource::claimed,
                    {}}});
    });
  }
  world.run(failure_of(dialer.dial(peer, peers.known(peer), {}, &late)));
  EXPECT_EQ(transport->tried.size(), Dialer::kMaxAddresses);
}

TEST_F(DialerTest, leaves_a_failed_address_alone_for_longer_each_time) {
  knows("/ip4/192.0.2.1/tcp/1", AddressSource::connected);
  EXPECT_EQ(attempts(), 1u);
  EXPECT_EQ(attempts(), 0u);
  EXPECT_THAT(dial().message(), ::testing::HasSubstr("not tried again for 5 s"));
  world.run_for(5s);
  EXPECT_EQ(attempts(), 1u);
  world.run_for(9s);
  EXPECT_EQ(attempts(), 0u);
  world.run_for(1s);
  EXPECT_EQ(attempts(), 1u);
}

TEST_F(DialerTest, tries_what_the_user_gave_every_time) {
  knows("/ip4/192.0.2.1/tcp/1", AddressSource::given_by_user);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(attempts(), 1u);
}

TEST_F(DialerTest, forgets_an_unverified_address_after_failures) {
  knows("/ip4/192.0.2.1/tcp/1", AddressSource::hearsay);
  knows("/ip4/192.0.2.2/tcp/1", AddressSource::connected);
  for (std::uint32_t i = 0; i < Dialer::kMaxFailures; ++i) {
    EXPECT_EQ(attempts(), 2u);
    world.run_for(5min);
  }
  EXPECT_EQ(peers.addresses(peer).size(), 1u);
  EXPECT_EQ(attempts(), 1u);
}

TEST_F(DialerTest, leaves_a_peer_of_hearsay_alone_whatever_its_addresses) {
  knows("/ip4/192.0.2.1/tcp/1", AddressSource::hearsay);
  EXPECT_EQ(attempts(), 1u);
  knows("/ip4/192.0.2.2/tcp/1", AddressSource::hearsay);
  EXPECT_EQ(attempts(), 0u);
  knows("/ip4/192.0.2.3/tcp/1", AddressSource::signed_record);
  EXPECT_EQ(attempts(), 2u);
}

TEST_F(DialerTest, an_address_claimed_by_many_is_tried_once) {
  const Multiaddr victim = Multiaddr::parse("/ip4/192.0.2.1/tcp/1");
  for (std::uint32_t i = 100; i < 110; ++i) {
    const PeerId claims = PeerId::from_public_key(testing::key_of(i).public_key());
    world.run(failure_of(dialer.dial(claims, {{victim, AddressSource::claimed}})));
  }
  EXPECT_EQ(transport->tried.size(), 1u);
}

class OthersDialerTest : public DialerTest {
 protected:
  OthersDialerTest() : DialerTest(ErrorCode::refused) {}
};

TEST_F(OthersDialerTest, another_peer_there_does_not_block_its_address) {
  const PeerId liar = PeerId::from_public_key(testing::key_of(10).public_key());
  const Multiaddr honest = Multiaddr::parse("/ip4/192.0.2.1/tcp/1");
  peers.add_address(liar, honest, AddressSource::claimed, 1h);
  world.run(failure_of(dialer.dial(liar, peers.known(liar))));
  EXPECT_TRUE(peers.addresses(liar).empty());
  knows("/ip4/192.0.2.1/tcp/1");
  EXPECT_EQ(attempts(), 2u);  // the liar's, and this one
}

/// Answers after a while.
class SlowResolver final : public Resolver {
 public:
  SlowResolver(Clock& clock, Duration delay, IpAddress answer)
      : clock_(clock), delay_(delay), answer_(answer) {}
  Task<std::vector<IpAddress>> addresses(std::string) override {
    co_await clock_.sleep_for(delay_);
    co_return std::vector<IpAddress>{answer_};
  }
  Task<std::vector<std::string>> texts(std::string) override {
    co_return std::vector<std::string>{};
  }

 private:
  Clock& clock_;
  const Duration delay_;
  const IpAddress answer_;
};

TEST_F(DialerTest, dials_known_addresses_while_names_are_resolved) {
  SlowResolver slow(system.clock, 3s, *IpAddress::parse("192.0.2.9"));
  System with_slow{system.waits, system.clock,   system.random,  system.network,
                   slow,         system.storage, system.offload, system.faults};
  Dialer other(with_slow, transports, peers, DialLimiter::kMaxAtOnce);
  knows("/dns4/slow.example/tcp/1", AddressSource::given_by_user);
  knows("/ip4/192.0.2.1/tcp/1");
  world.run(failure_of(other.dial(peer, peers.known(peer))));
  EXPECT_THAT(transport->tried,
              ::testing::ElementsAre("0 /ip4/192.0.2.1/tcp/1", "3000 /ip4/192.0.2.9/tcp/1"));
}

TEST_F(DialerTest, waits_for_a_name_only_so_long) {
  SlowResolver never(system.clock, 1h, *IpAddress::parse("192.0.2.9"));
  System with_slow{system.waits, system.clock,   system.random,  system.network,
                   never,        system.storage, system.offload, system.faults};
  Dialer other(with_slow, transports, peers, DialLimiter::kMaxAtOnce);
  for (std::size_t i = 0; i < Dialer::kMaxNames; ++i) {
    knows("/dns4/" + std::to_string(i) + ".example/tcp/1");
  }
  const TimePoint begin = world.now();
  world.run(failure_of(other.dial(peer, peers.known(peer))));
  EXPECT_EQ(world.now() - begin, Dialer::kResolveTimeout);
}

}  // namespace
}  // namespace shoal::net
