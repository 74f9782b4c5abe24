#include "protocol/portmap/pmp_message.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::portmap {
namespace {

const IpAddress kOutside = IpAddress::v4({94, 158, 11, 23});

ErrorCode refusal(const auto& decode, const std::string& hex) {
  try {
    decode(from_hex(hex));
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted: " << hex;
  return ErrorCode::failed;
}

TEST(PmpMessage, natpmp_requests_are_as_the_rfc_has_them) {
  EXPECT_EQ(to_hex(natpmp::outside_request()), "0000");
  EXPECT_EQ(to_hex(natpmp::map_request({.port = {.udp = false, .number = 4001},
                                        .wanted_outside = 4002,
                                        .lifetime_seconds = 1200})),
            "000200000fa10fa2000004b0");
  // RFC 6886, section 3.4: what ends a mapping names no port outside.
  EXPECT_EQ(to_hex(natpmp::map_request({.port = {.udp = true, .number = 4001}})),
            "000100000fa1000000000000");
}

TEST(PmpMessage, natpmp_answers_are_read) {
  EXPECT_EQ(natpmp::decode_outside(from_hex("00800000000000015e9e0b17")), kOutside);
  const natpmp::Mapped mapped =
      natpmp::decode_mapped(from_hex("0081000000000001"
                                     "0fa10fa2000004b0"));
  EXPECT_EQ(mapped,
            (natpmp::Mapped{
                .port = {.udp = true, .number = 4001}, .outside = 4002, .lifetime_seconds = 1200}));
}

TEST(PmpMessage, natpmp_rubbish_is_refused) {
  const auto outside = [](const Bytes& bytes) { natpmp::decode_outside(bytes); };
  const auto mapped = [](const Bytes& bytes) { natpmp::decode_mapped(bytes); };
  EXPECT_EQ(refusal(outside, ""), ErrorCode::malformed);
  EXPECT_EQ(refusal(outside, "0080000000000001"), ErrorCode::malformed);
  EXPECT_EQ(refusal(outside, "00000000000000015e9e0b17"), ErrorCode::malformed);
  EXPECT_EQ(refusal(outside, "02800000000000015e9e0b17"), ErrorCode::unsupported);
  EXPECT_EQ(refusal(mapped,
                    "0080000000000001"
                    "0fa10fa2000004b0"),
            ErrorCode::malformed);
  EXPECT_EQ(refusal(mapped, "0082000200000001"), ErrorCode::refused);
  EXPECT_EQ(refusal(mapped, "0082000100000001"), ErrorCode::unsupported);
  EXPECT_EQ(refusal(mapped, "0082ffff00000001"), ErrorCode::refused);
}

TEST(PmpMessage, pcp_request_is_as_the_rfc_has_it) {
  pcp::Nonce nonce{};
  nonce.fill(0xab);
  const Bytes request = pcp::map_request(
      {.port = {.udp = true, .number = 4001}, .wanted_outside = 4002, .lifetime_seconds = 1200},
      IpAddress::v4({192, 168, 1, 2}), nonce);
  EXPECT_EQ(to_hex(request),
            "02010000000004b0"
            "00000000000000000000ffffc0a80102"
            "abababababababababababab"
            "11000000"
            "0fa10fa2"
            "00000000000000000000ffff00000000");
}

TEST(PmpMessage, pcp_answers_are_read) {
  const std::string head =
      "02810000"
      "000004b0"
      "00000001"
      "000000000000000000000000";
  const std::string nonce = "abababababababababababab";
  const std::string rest =
      "06000000"
      "0fa10fa2"
      "00000000000000000000ffff5e9e0b17";
  const pcp::Mapped mapped = pcp::decode_mapped(from_hex(head + nonce + rest));
  EXPECT_EQ(mapped.outside, (Endpoint{kOutside, 4002}));
  EXPECT_EQ(mapped.port, (Port{.udp = false, .number = 4001}));
  EXPECT_EQ(mapped.lifetime_seconds, 1200U);
  EXPECT_EQ(mapped.nonce.front(), 0xab);
  const auto decode = [](const Bytes& bytes) { pcp::decode_mapped(bytes); };
  EXPECT_EQ(refusal(decode, head + nonce), ErrorCode::malformed);
  EXPECT_EQ(refusal(decode, "0081000100000001"), ErrorCode::unsupported);
  EXPECT_EQ(refusal(decode, "02810002"), ErrorCode::refused);
  EXPECT_EQ(refusal(decode, std::string(2 * (kMaxPmpBytes + 1), '0')), ErrorCode::limit);
}

TEST(PmpMessage, only_addresses_of_the_internet_are_plausible) {
  EXPECT_TRUE(is_plausible_outside({kOutside, 1}));
  EXPECT_FALSE(is_plausible_outside({kOutside, 0}));
  for (const char* text : {"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1",
                           "169.254.1.1", "172.16.0.1", "192.168.0.1", "224.0.0.1",
                           "255.255.255.255", "fe80::1", "fd00::1", "::1", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(is_plausible_outside({*IpAddress::parse(text), 4001})) << text;
  }
}

TEST(PmpMessage, leases_are_bounded_both_ways) {
  EXPECT_EQ(bounded_lease(0), kShortestLease);
  EXPECT_EQ(bounded_lease(1200), 20min);
  EXPECT_EQ(bounded_lease(~std::uint64_t{0}), kLongestLease);
}

}  // namespace
}  // namespace shoal::portmap
