#include "crypto/xsalsa20.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::crypto {
namespace {

XSalsa20 example() {
  XSalsa20::Nonce nonce{};
  std::ranges::copy(as_bytes("24-byte nonce for xsalsa"), nonce.begin());
  return {as_bytes("this is 32-byte key for xsalsa20"), nonce};
}

// The test vectors that Go's x/crypto and others have for XSalsa20.
TEST(XSalsa20, gives_the_known_key_stream) {
  XSalsa20 stream = example();
  const Bytes zeros(64);
  Bytes out(64);
  stream.apply(zeros, out);
  EXPECT_EQ(to_hex(out),
            "4848297feb1fb52fb66d81609bd547fabcbe7026edc8b5e5e449d088bfa69c08"
            "8f5d8da1d791267c2c195a7f8cae9c4b4050d08ce6d3a151ec265f3a58e47648");
}

TEST(XSalsa20, goes_on_where_the_last_piece_ended) {
  XSalsa20 whole = example();
  XSalsa20 pieces = example();
  Bytes expected(1000);
  whole.apply(Bytes(1000, 3), expected);
  Bytes got(1000, 3);
  MutableBytes rest = got;
  for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
    const MutableBytes piece = rest.first(std::min(size, rest.size()));
    pieces.apply(piece, piece);
    rest = rest.subspan(piece.size());
  }
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace shoal::crypto
