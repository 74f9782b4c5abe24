#include "cli/doctor_checks.h"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using CheckState = Check::State;

IpAddress ip_of(const char* text) {
  return *IpAddress::parse(text);
}

NetworkInterface interface_with(std::vector<const char*> addresses, bool up = true) {
  NetworkInterface out{.index = 2, .name = "eth0", .up = up};
  for (const char* each : addresses) out.addresses.push_back({ip_of(each), 24});
  return out;
}

/// Whatever is not good says what to do.
CheckState state_of(const Check& check) {
  EXPECT_EQ(check.advice.empty(), check.state == CheckState::good) << check.name;
  EXPECT_FALSE(check.finding.empty()) << check.name;
  return check.state;
}

TEST(DoctorChecks, tells_what_the_router_forwards) {
  using State = Check::State;
  EXPECT_EQ(check_port_mapping({.protocol = "UPnP", .mapped = {"192.0.2.1:4001 by TCP"}}).state,
            State::good);
  EXPECT_EQ(check_port_mapping({.has_private_address = false}).state, State::good);
  const Check off = check_port_mapping({.asked = false});
  EXPECT_EQ(off.state, State::poor);
  EXPECT_NE(off.advice.find("--no-port-mapping"), std::string::npos);
  const Check none = check_port_mapping({.failure = "no router answers"});
  EXPECT_EQ(none.state, State::poor);
  EXPECT_EQ(none.finding, "no router answers");
  EXPECT_FALSE(none.advice.empty());
}

TEST(Doctor, judges_the_home_by_its_port) {
  EXPECT_EQ(state_of(check_home({.folder = "/h", .port = 4001})), CheckState::good);
  EXPECT_EQ(state_of(check_home({.folder = "/h", .port = 5, .port_taken = 4001})),
            CheckState::poor);
}

TEST(Doctor, notices_a_clock_that_was_never_set_or_went_back) {
  const WallTime now{std::chrono::hours(24 * 365 * 60)};
  EXPECT_EQ(state_of(check_clock(WallTime{}, {})), CheckState::bad);
  EXPECT_EQ(state_of(check_clock(now, now)), CheckState::good);
  EXPECT_EQ(state_of(check_clock(now, now + std::chrono::hours(2))), CheckState::poor);
}

TEST(Doctor, judges_limits_of_files_at_256_and_4096) {
  EXPECT_EQ(state_of(check_files(4096)), CheckState::good);
  EXPECT_EQ(state_of(check_files(4095)), CheckState::poor);
  EXPECT_EQ(state_of(check_files(256)), CheckState::poor);
  EXPECT_EQ(state_of(check_files(255)), CheckState::bad);
}

TEST(Doctor, judges_udp_buffers_by_the_smaller_one) {
  EXPECT_EQ(state_of(check_udp_buffers(2'500'000, 2'500'000)), CheckState::good);
  EXPECT_EQ(state_of(check_udp_buffers(2'500'000, 212'992)), CheckState::poor);
  EXPECT_EQ(state_of(check_udp_buffers({}, {})), CheckState::good);
}

TEST(Doctor, judges_interfaces_and_addresses) {
  const NetworkInterface loopback{.index = 1,
                                  .name = "lo",
                                  .addresses = {{IpAddress::loopback_v4(), 8}},
                                  .up = true,
                                  .loopback = true};
  EXPECT_EQ(state_of(check_interfaces({loopback})), CheckState::bad);
  EXPECT_EQ(state_of(check_interfaces({loopback, interface_with({"10.0.0.2"}, false)})),
            CheckState::bad);
  const std::vector both = {loopback, interface_with({"10.0.0.2", "2001:db8::2", "fe80::1"})};
  EXPECT_EQ(state_of(check_interfaces(both)), CheckState::good);
  EXPECT_EQ(state_of(check_ipv4(both)), CheckState::good);
  EXPECT_EQ(state_of(check_ipv6(both)), CheckState::good);
  EXPECT_EQ(state_of(check_ipv4({loopback})), CheckState::poor);
  EXPECT_EQ(state_of(check_ipv6({interface_with({"10.0.0.2", "fe80::1"})})), CheckState::poor);
  EXPECT_EQ(state_of(check_ipv6({interface_with({"fd00::1"})})), CheckState::poor);
}

TEST(Doctor, tells_where_udp_is_blocked) {
  EXPECT_EQ(state_of(check_udp({})), CheckState::good);
  EXPECT_EQ(state_of(check_udp({.sent = SendResult::failed})), CheckState::bad);
  EXPECT_EQ(state_of(check_udp({.came_back = false})), CheckState::bad);
  EXPECT_EQ(state_of(check_udp({.peers_asked = 2})), CheckState::bad);
  EXPECT_EQ(state_of(check_udp({.peers_asked = 2, .peers_answered = 1})), CheckState::good);
}

TEST(Doctor, judges_whom_it_could_ask) {
  EXPECT_EQ(state_of(check_peers({})), CheckState::poor);
  EXPECT_EQ(state_of(check_peers({.named = 1, .failures = {"refused"}})), CheckState::bad);
  EXPECT_EQ(state_of(check_peers({.named = 1, .connected = 1})), CheckState::good);
  EXPECT_EQ(state_of(check_peers({.named = 2, .connected = 1, .failures = {"refused"}})),
            CheckState::poor);
}

TEST(Doctor, tells_no_nat_a_mild_one_and_a_symmetric_one) {
  const std::vector own = {ip_of("10.0.0.2")};
  const Endpoint ours{ip_of("10.0.0.2"), 4001};
  EXPECT_EQ(state_of(check_nat({}, own)), CheckState::poor);
  EXPECT_EQ(check_nat({{ours, ours, true}}, own).finding,
            "none: peers see this machine's own address");
  const Seen mild{ours, {ip_of("192.0.2.1"), 4001}, true};
  EXPECT_EQ(state_of(check_nat({mild, mild}, own)), CheckState::good);
  EXPECT_TRUE(check_nat({mild, mild}, own).finding.contains("keeps ports"));
  const Seen moved{ours, {ip_of("192.0.2.1"), 5001}, true};
  EXPECT_TRUE(check_nat({moved, moved}, own).finding.contains("changes ports"));
  EXPECT_EQ(state_of(check_nat({mild, moved}, own)), CheckState::poor);
  EXPECT_TRUE(check_nat({mild, moved}, own).finding.contains("symmetric"));
}

TEST(Doctor, judges_reachability_by_who_tried) {
  EXPECT_EQ(state_of(check_reachability({})), CheckState::poor);
  EXPECT_EQ(state_of(check_reachability({.peers_that_try = 1})), CheckState::poor);
  EXPECT_EQ(state_of(check_reachability({.peers_that_try = 1, .reached = {"a"}})),
            CheckState::good);
  EXPECT_EQ(state_of(check_reachability({.peers_that_try = 1, .not_reached = {"a"}})),
            CheckState::bad);
  EXPECT_EQ(state_of(check_reachability({.peers_that_try = 1, .not_reached = {"a"}, .relays = 1})),
            CheckState::poor);
}

TEST(Doctor, tells_the_mode_of_the_dht) {
  EXPECT_EQ(state_of(check_dht({})), CheckState::poor);
  EXPECT_EQ(state_of(check_dht(DhtFacts{.server = true, .peers = 3})), CheckState::good);
  EXPECT_EQ(state_of(check_dht(DhtFacts{})), CheckState::poor);
}

}  // namespace
}  // namespace shoal::cli
