#include "crypto/hkdf.h"

#include <gtest/gtest.h>

namespace shoal::crypto {
namespace {

// RFC 5869, appendix A.3: salt and info are empty.
TEST(Hkdf, gives_the_output_of_rfc_5869) {
  const Bytes input(22, 0x0b);
  const auto two = hkdf_sha256<2>({}, input);
  EXPECT_EQ(to_hex(two[0]), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  EXPECT_EQ(to_hex(ByteView(two[1]).first(10)), "9d201395faa4b61a96c8");
}

TEST(Hkdf, begins_three_outputs_with_the_same_two) {
  const auto two = hkdf_sha256<2>(as_bytes("salt"), as_bytes("input"));
  const auto three = hkdf_sha256<3>(as_bytes("salt"), as_bytes("input"));
  EXPECT_EQ(three[0], two[0]);
  EXPECT_EQ(three[1], two[1]);
  EXPECT_NE(three[2], two[1]);
}

}  // namespace
}  // namespace shoal::crypto
