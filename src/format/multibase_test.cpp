#include "format/multibase.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace shoal {
namespace {

using Vectors = std::map<Base, std::string>;

void expect_vectors(const Vectors& vectors, std::string_view content) {
  for (const auto& [base, text] : vectors) {
    EXPECT_EQ(encode_multibase(base, as_bytes(content)), text);
    const MultibaseText decoded = decode_multibase(text);
    EXPECT_EQ(decoded.base, base);
    EXPECT_EQ(as_text(decoded.bytes), content);
  }
}

TEST(Multibase, follows_the_basic_vectors) {
  expect_vectors({{Base::base16, "f796573206d616e692021"},
                  {Base::base16_upper, "F796573206D616E692021"},
                  {Base::base32, "bpfsxgidnmfxgsibb"},
                  {Base::base32_upper, "BPFSXGIDNMFXGSIBB"},
                  {Base::base32_pad, "cpfsxgidnmfxgsibb"},
                  {Base::base32_pad_upper, "CPFSXGIDNMFXGSIBB"},
                  {Base::base36, "k2lcpzo5yikidynfl"},
                  {Base::base36_upper, "K2LCPZO5YIKIDYNFL"},
                  {Base::base58btc, "z7paNL19xttacUY"},
                  {Base::base64, "meWVzIG1hbmkgIQ"},
                  {Base::base64_pad, "MeWVzIG1hbmkgIQ=="},
                  {Base::base64url, "ueWVzIG1hbmkgIQ"},
                  {Base::base64url_pad, "UeWVzIG1hbmkgIQ=="}},
                 "yes mani !");
}

TEST(Multibase, follows_the_vectors_with_a_leading_zero) {
  expect_vectors({{Base::base16, "f00796573206d616e692021"},
                  {Base::base32, "bab4wk4zanvqw42jaee"},
                  {Base::base32_pad, "cab4wk4zanvqw42jaee======"},
                  {Base::base36, "k02lcpzo5yikidynfl"},
                  {Base::base58btc, "z17paNL19xttacUY"},
                  {Base::base64, "mAHllcyBtYW5pICE"},
                  {Base::base64_pad, "MAHllcyBtYW5pICE="}},
                 std::string_view("\0yes mani !", 11));
}

TEST(Multibase, follows_the_vectors_with_two_leading_zeros) {
  expect_vectors({{Base::base16, "f0000796573206d616e692021"},
                  {Base::base32, "baaahszltebwwc3tjeaqq"},
                  {Base::base32_pad, "caaahszltebwwc3tjeaqq===="},
                  {Base::base36, "k002lcpzo5yikidynfl"},
                  {Base::base58btc, "z117paNL19xttacUY"},
                  {Base::base64, "mAAB5ZXMgbWFuaSAh"},
                  {Base::base64url_pad, "UAAB5ZXMgbWFuaSAh"}},
                 std::string_view("\0\0yes mani !", 12));
}

TEST(Multibase, follows_the_vectors_of_mixed_case) {
  for (const char* text :
       {"f68656c6c6f20776F726C64", "F68656c6c6f20776F726C64", "bnbswy3dpeB3W64TMMQ",
        "Bnbswy3dpeB3W64TMMQ", "cnbswy3dpeB3W64TMMQ======", "Cnbswy3dpeB3W64TMMQ======",
        "kfUvrsIvVnfRbjWaJo", "KfUVrSIVVnFRbJWAJo"}) {
    EXPECT_EQ(as_text(decode_multibase(text).bytes), "hello world") << text;
  }
}

TEST(Multibase, refuses_prefixes_that_it_does_not_know) {
  for (const char* text : {"1abc", "001", "Qmabc", "/abc", "p", " ", "\xf0\x9f\x9a\x80"}) {
    EXPECT_THROW(decode_multibase(text), Error) << text;
  }
  EXPECT_THROW(decode_multibase(""), Error);
}

}  // namespace
}  // namespace shoal
