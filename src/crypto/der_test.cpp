#include "crypto/der.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::crypto {
namespace {

Bytes take(DerTag tag, std::string_view hex) {
  const auto der = from_hex(hex);
  DerReader reader(der);
  const auto content = reader.take(tag);
  reader.expect_end();
  return to_bytes(content);
}

TEST(DerReader, reads_short_and_long_lengths) {
  EXPECT_EQ(take(DerTag::octet_string, "0403aabbcc"), from_hex("aabbcc"));
  EXPECT_EQ(take(DerTag::octet_string, "0400"), Bytes());
  EXPECT_EQ(take(DerTag::octet_string, "048180" + std::string(256, '0')), Bytes(128));
  EXPECT_EQ(take(DerTag::octet_string, "04820100" + std::string(512, '0')), Bytes(256));
}

TEST(DerReader, A13_refuses_lengths_that_are_not_der) {
  const std::string zeros(600, '0');
  for (const auto& hex :
       {std::string("0480") + zeros, "04817f" + zeros.substr(0, 254),
        "04820080" + zeros.substr(0, 256), "0484ffffffff" + zeros, std::string("04ff"),
        std::string("0483ffffff"), std::string("0402aa"), std::string("04"), std::string("0481"),
        std::string(""), "0489010000000000000080" + zeros.substr(0, 256)}) {
    EXPECT_THROW(take(DerTag::octet_string, hex), Error) << hex;
  }
}

TEST(DerReader, A13_refuses_another_element_and_bytes_behind) {
  EXPECT_THROW(take(DerTag::integer, "040100"), Error);
  EXPECT_THROW(take(DerTag::octet_string, "04010000"), Error);
}

TEST(DerReader, reads_only_positive_minimal_integers) {
  const auto integer = [](std::string_view hex) {
    const auto der = from_hex(hex);
    return to_bytes(DerReader(der).take_positive_integer());
  };
  EXPECT_EQ(integer("02017f"), from_hex("7f"));
  EXPECT_EQ(integer("02020080"), from_hex("80"));
  for (const auto* hex : {"0200", "020100", "020180", "0202007f", "02020000"}) {
    EXPECT_THROW(integer(hex), Error) << hex;
  }
}

// An empty bit string once stopped a TLS library (RUSTSEC-2026-0104).
TEST(DerReader, A13_refuses_bit_strings_that_are_empty_or_end_within_a_byte) {
  const auto whole_bytes = [](std::string_view hex) {
    const auto der = from_hex(hex);
    return to_bytes(DerReader(der).take_whole_bytes());
  };
  EXPECT_EQ(whole_bytes("030200aa"), from_hex("aa"));
  EXPECT_EQ(whole_bytes("030100"), Bytes());
  EXPECT_THROW(whole_bytes("0300"), Error);
  EXPECT_THROW(whole_bytes("030201aa"), Error);
}

}  // namespace
}  // namespace shoal::crypto
