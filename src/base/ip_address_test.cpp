#include "base/ip_address.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace shoal {
namespace {

using std::string_view_literals::operator""sv;

IpAddress ip(std::string_view text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress());
}

TEST(IpAddress, is_any_v4_when_nothing_is_said) {
  EXPECT_EQ(IpAddress(), IpAddress::any_v4());
  EXPECT_TRUE(IpAddress().is_unspecified());
  EXPECT_FALSE(IpAddress().is_v6());
}

TEST(IpAddress, reads_what_it_writes) {
  for (const auto text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
                          "2001:db8::8:800:200c:417a", "::ffff:192.0.2.1",
                          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_EQ(ip(text).to_string(), text);
  }
}

TEST(IpAddress, writes_one_form_of_the_many_that_it_reads) {
  EXPECT_EQ(ip("2001:DB8:0:0:0:0:0:1").to_string(), "2001:db8::1");
  EXPECT_EQ(ip("0:0:0:0:0:FFFF:127.0.0.1").to_string(), "::ffff:127.0.0.1");
}

TEST(IpAddress, reads_the_longest_text_there_is) {
  const auto longest = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"sv;
  ASSERT_EQ(longest.size(), 45);
  EXPECT_TRUE(ip(longest).is_v6());
  EXPECT_FALSE(IpAddress::parse(std::string(longest) + "0"));
  EXPECT_FALSE(IpAddress::parse(std::string(100'000, '1')));
}

TEST(IpAddress, refuses_what_is_not_an_address) {
  for (const auto text : {""sv,
                          "."sv,
                          "1.2.3"sv,
                          "1.2.3.4.5"sv,
                          "1.2.3.256"sv,
                          "1.2.3.-4"sv,
                          "1.2.3.04"sv,
                          "0x7f.0.0.1"sv,
                          "127.1"sv,
                          "2130706433"sv,
                          " 1.2.3.4"sv,
                          "1.2.3.4 "sv,
                          "1.2.3.4\n"sv,
                          "1.2.3.4/8"sv,
                          ":"sv,
                          ":::"sv,
                          "1::2::3"sv,
                          "1:2:3:4:5:6:7"sv,
                          "1:2:3:4:5:6:7:8:9"sv,
                          "::12345"sv,
                          "::g"sv,
                          "[::1]"sv,
                          "fe80::1%1"sv,
                          "::1.2.3"sv,
                          "localhost"sv}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, refuses_text_behind_a_zero_byte) {
  EXPECT_FALSE(IpAddress::parse("1.2.3.4\0"sv));
  EXPECT_FALSE(IpAddress::parse("1.2.3.4\0x"sv));
  EXPECT_FALSE(IpAddress::parse("::1\0.evil.example"sv));
  EXPECT_FALSE(IpAddress::parse("\0"sv));
}

TEST(IpAddress, gives_its_bytes_in_network_order) {
  EXPECT_EQ(to_hex(ip("1.2.3.4").bytes()), "01020304");
  EXPECT_EQ(to_hex(ip("1:2::ff").bytes()), "000100020000000000000000000000ff");
  EXPECT_EQ(IpAddress::v4({1, 2, 3, 4}), ip("1.2.3.4"));
}

TEST(IpAddress, takes_a_mapped_address_for_what_is_inside) {
  EXPECT_EQ(ip("::ffff:10.1.2.3").normalised(), ip("10.1.2.3"));
  EXPECT_NE(ip("::ffff:10.1.2.3"), ip("10.1.2.3"));
  EXPECT_TRUE(ip("::ffff:10.1.2.3").is_v6());
  EXPECT_TRUE(ip("::ffff:0.0.0.0").is_unspecified());
  EXPECT_TRUE(ip("::ffff:127.0.0.1").is_loopback());
  EXPECT_TRUE(ip("::ffff:127.255.255.255").is_loopback());
  EXPECT_TRUE(ip("::ffff:10.0.0.1").is_private());
  EXPECT_TRUE(ip("::ffff:192.168.0.1").is_private());
  EXPECT_TRUE(ip("::ffff:169.254.1.1").is_link_local());
  EXPECT_TRUE(ip("::ffff:224.0.0.1").is_multicast());
  EXPECT_FALSE(ip("::ffff:8.8.8.8").is_private());
}

TEST(IpAddress, leaves_addresses_alone_that_only_look_mapped) {
  for (const auto text :
       {"::fffe:a01:203", "1::ffff:10.1.2.3", "::10.1.2.3", "::ffff:0:10.1.2.3"}) {
    EXPECT_EQ(ip(text).normalised(), ip(text)) << text;
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
}

TEST(IpAddress, knows_loopback) {
  for (const auto text : {"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"}) {
    EXPECT_TRUE(ip(text).is_loopback()) << text;
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
  for (const auto text : {"126.255.255.255", "128.0.0.0", "::", "::2", "1::1", "7f00::1"}) {
    EXPECT_FALSE(ip(text).is_loopback()) << text;
  }
}

TEST(IpAddress, knows_link_local_up_to_its_bounds) {
  for (const auto text : {"169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::1"}) {
    EXPECT_TRUE(ip(text).is_link_local()) << text;
    EXPECT_TRUE(ip(text).is_private()) << text;
  }
  for (const auto text : {"169.253.255.255", "169.255.0.0", "fe7f:ffff::", "fec0::", "a9fe::"}) {
    EXPECT_FALSE(ip(text).is_link_local()) << text;
  }
}

TEST(IpAddress, knows_private_ranges_up_to_their_bounds) {
  for (const auto text :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0",
        "192.168.255.255", "100.64.0.0", "100.127.255.255", "fc00::", "fdff:ffff::1"}) {
    EXPECT_TRUE(ip(text).is_private()) << text;
  }
  for (const auto text :
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "100.63.255.255", "100.128.0.0", "fbff::", "fe00::", "2001:db8::1"}) {
    EXPECT_FALSE(ip(text).is_private()) << text;
  }
}

TEST(IpAddress, knows_multicast) {
  for (const auto text : {"224.0.0.0", "239.255.255.255", "ff00::", "ff02::1"}) {
    EXPECT_TRUE(ip(text).is_multicast()) << text;
  }
  for (const auto text : {"223.255.255.255", "240.0.0.0", "feff::", "e000::"}) {
    EXPECT_FALSE(ip(text).is_multicast()) << text;
  }
}

TEST(IpAddress, tells_interfaces_apart) {
  const IpAddress first = IpAddress::v6({0xfe, 0x80}, 1);
  const IpAddress second = IpAddress::v6({0xfe, 0x80}, 2);
  EXPECT_NE(first, second);
  EXPECT_EQ(first.scope_id(), 1);
  EXPECT_EQ(ip("fe80::").scope_id(), 0);
}

TEST(Endpoint, writes_ipv6_in_brackets) {
  EXPECT_EQ((Endpoint{ip("127.0.0.1"), 80}).to_string(), "127.0.0.1:80");
  EXPECT_EQ((Endpoint{ip("::1"), 65535}).to_string(), "[::1]:65535");
}

}  // namespace
}  // namespace shoal
