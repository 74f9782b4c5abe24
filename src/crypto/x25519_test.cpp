#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::crypto {
namespace {

// RFC 7748, section 6.1.
TEST(X25519, gives_the_keys_and_the_secret_of_rfc_7748) {
  const X25519KeyPair alice(
      from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const X25519KeyPair bob(
      from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(alice.public_key()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const auto secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(alice.shared_secret(bob.public_key())), secret);
  EXPECT_EQ(to_hex(bob.shared_secret(alice.public_key())), secret);
}

TEST(X25519, refuses_points_of_small_order) {
  const X25519KeyPair pair(Bytes(32, 7));
  for (const auto* point : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "0100000000000000000000000000000000000000000000000000000000000000",
                            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_THROW(pair.shared_secret(from_hex(point)), Error) << point;
  }
}

TEST(X25519, refuses_keys_of_another_length) {
  const X25519KeyPair pair(Bytes(32, 7));
  EXPECT_THROW(X25519KeyPair(Bytes(31)), Error);
  EXPECT_THROW(X25519KeyPair(Bytes(33)), Error);
  EXPECT_THROW(pair.shared_secret(Bytes(31, 9)), Error);
  EXPECT_THROW(pair.shared_secret(Bytes(33, 9)), Error);
}

}  // namespace
}  // namespace shoal::crypto
