#include "net/security/noise/payload.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/varint.h"

namespace shoal::noise {
namespace {

HandshakePayload example() {
  return {to_bytes("key"), to_bytes("signature"), {"/yamux/1.0.0", "/mplex/6.7.0"}};
}

ErrorCode failure(ByteView bytes) {
  try {
    decode_payload(bytes);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "accepted " << to_hex(bytes);
  return ErrorCode::failed;
}

template <class Call>
ErrorCode code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::failed;
}

TEST(NoisePayload, has_the_encoding_of_the_spec) {
  EXPECT_EQ(to_hex(encode_payload({to_bytes("k"), to_bytes("s"), {"/y"}})),
            "0a016b120173"
            "220412022f79");
  EXPECT_EQ(to_hex(encode_payload({to_bytes("k"), to_bytes("s"), {}})), "0a016b120173");
}

TEST(NoisePayload, survives_encoding) {
  EXPECT_EQ(decode_payload(encode_payload(example())), example());
}

TEST(NoisePayload, skips_certificate_hashes_and_fields_it_does_not_know) {
  // Field 3 is the early data of older peers; 0a0168 in the extensions is a certificate hash.
  const auto bytes = from_hex(
      "0a016b120173"
      "1a0178"
      "22070a016812022f79"
      "8a01027879"
      "900101");
  EXPECT_EQ(decode_payload(bytes), (HandshakePayload{to_bytes("k"), to_bytes("s"), {"/y"}}));
}

TEST(NoisePayload, refuses_every_truncation) {
  const auto whole = encode_payload(example());
  const std::size_t without_extensions =
      encode_payload({to_bytes("key"), to_bytes("signature"), {}}).size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (size == without_extensions) continue;
    EXPECT_EQ(failure(ByteView(whole).first(size)), ErrorCode::malformed);
  }
}

TEST(NoisePayload, refuses_what_is_missing_doubled_or_of_another_type) {
  for (const auto* hex : {"0a016b", "120173", "0a016b0a016b120173", "0a016b120173120173",
                          "0a016b12017322002200", "0801120173", "0a016b1001", "0a016b1201732001",
                          "0a016b1201732202"
                          "1001",
                          "0a016b1201730b0c", "0a016b12017300"}) {
    EXPECT_EQ(failure(from_hex(hex)), ErrorCode::malformed) << hex;
  }
}

TEST(NoisePayload, names_at_most_100_muxers) {
  auto payload = example();
  payload.stream_muxers.assign(kMaxMuxers, "/m");
  EXPECT_EQ(decode_payload(encode_payload(payload)), payload);
  payload.stream_muxers.emplace_back("/m");
  EXPECT_EQ(failure(encode_payload(payload)), ErrorCode::limit);
}

TEST(NoisePayload, is_bound_to_the_static_key_and_to_the_identity) {
  const auto identity = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1));
  const auto other = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 2));
  const Bytes static_key(32, 7);
  auto payload = signed_payload(identity, static_key, {});
  EXPECT_EQ(verified_identity(payload, static_key), identity.public_key());
  EXPECT_THROW(verified_identity(payload, Bytes(32, 8)), Error);
  payload.identity_key = signed_payload(other, static_key, {}).identity_key;
  EXPECT_THROW(verified_identity(payload, static_key), Error);
}

TEST(NoisePayload, A1_refuses_a_huge_rsa_key_without_arithmetic_on_it) {
  // As DER has it: 2048 bytes of modulus, which is the most that a message would still hold.
  Bytes numbers = from_hex("3082080a0282080100");
  numbers.resize(numbers.size() + 2048, 0xff);
  append(numbers, from_hex("0203010001"));
  Bytes info = from_hex("30820823300d06092a864886f70d01010105000382081200");
  info[3] = static_cast<std::uint8_t>((numbers.size() + 20) & 0xff);
  info[2] = static_cast<std::uint8_t>((numbers.size() + 20) >> 8);
  info[21] = static_cast<std::uint8_t>((numbers.size() + 1) >> 8);
  info[22] = static_cast<std::uint8_t>((numbers.size() + 1) & 0xff);
  append(info, numbers);
  Bytes key = {0x08, 0x00, 0x12};
  append_varint(key, info.size());
  append(key, info);
  const HandshakePayload payload{key, Bytes(256, 1), {}};
  const HandshakePayload read = decode_payload(encode_payload(payload));
  EXPECT_EQ(code_of([&] { verified_identity(read, Bytes(32, 7)); }), ErrorCode::limit);
  EXPECT_EQ(code_of([&] { crypto::PublicKey::decode(crypto::KeyType::rsa, info); }),
            ErrorCode::limit);
}

TEST(NoisePayload, A3_refuses_signatures_that_are_zero_constant_swapped_or_cut) {
  const auto identity = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1));
  const Bytes static_key(32, 7);
  const auto honest = signed_payload(identity, static_key, {});
  Bytes swapped(honest.identity_signature.begin() + 32, honest.identity_signature.end());
  append(swapped, ByteView(honest.identity_signature).first(32));
  const Bytes cut(honest.identity_signature.begin(), honest.identity_signature.end() - 1);
  for (const Bytes& signature :
       {Bytes(64), Bytes(64, 0xff), Bytes(64, 0x5a), swapped, cut, Bytes()}) {
    auto payload = honest;
    payload.identity_signature = signature;
    EXPECT_THROW(verified_identity(payload, static_key), Error) << to_hex(signature);
  }
  // Of small order: anybody could sign for such a key.
  auto payload = honest;
  payload.identity_key = from_hex("08011220");
  append(payload.identity_key, Bytes(32));
  payload.identity_signature = Bytes(64);
  EXPECT_THROW(verified_identity(payload, static_key), Error);
}

TEST(NoisePayload, B7_refuses_groups_however_deep) {
  Bytes groups(30'000, 0x0b);
  groups.resize(60'000, 0x0c);
  EXPECT_EQ(failure(groups), ErrorCode::malformed);
}

}  // namespace
}  // namespace shoal::noise
