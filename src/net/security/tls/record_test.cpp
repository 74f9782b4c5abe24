#include "net/security/tls/record.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace shoal::tls {
namespace {

template <class Call>
ErrorCode record_failure(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "did not fail";
  return ErrorCode::failed;
}

// RFC 8448, section 3, for the client's application data.
const char* const kClientSecret =
    "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
const char* const kClientRecord =
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e"
    "2b"
    "62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";

TrafficSecret client_secret() {
  return TrafficSecret(from_hex(kClientSecret));
}

Bytes sealed(RecordSealer& sealer, ByteView content) {
  net::Gathered from({&content, 1});
  Bytes out(RecordSealer::sealed_bytes(content.size()));
  EXPECT_EQ(sealer.seal(from, out), out.size());
  return out;
}

Bytes opened(RecordOpener& opener, ByteView record) {
  Bytes out(RecordOpener::space_for(record.size()));
  out.resize(opener.open(record, out).bytes);
  return out;
}

TEST(TlsKeySchedule, gives_the_keys_of_rfc_8448) {
  Bytes key(16);
  expand_label(client_secret().bytes(), "key", key);
  EXPECT_EQ(to_hex(key), "17422dda596ed5d9acd890e3c63f5051");
  Bytes nonce(12);
  expand_label(client_secret().bytes(), "iv", nonce);
  EXPECT_EQ(to_hex(nonce), "5b78923dee08579033e523d9");
}

TEST(TlsRecord, gives_the_record_of_rfc_8448) {
  Bytes content(50);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i);
  RecordSealer sealer(Suite::aes_128_gcm_sha256, client_secret());
  EXPECT_EQ(to_hex(sealed(sealer, content)), kClientRecord);
  RecordOpener opener(Suite::aes_128_gcm_sha256, client_secret());
  EXPECT_EQ(opened(opener, from_hex(kClientRecord)), content);
}

TEST(TlsRecord, survives_in_both_suites_with_new_keys_in_between) {
  for (const Suite suite : {Suite::aes_128_gcm_sha256, Suite::chacha20_poly1305_sha256}) {
    RecordSealer sealer(suite, client_secret());
    RecordOpener opener(suite, client_secret());
    for (std::size_t round = 0; round < 3; ++round) {
      const Bytes content(1000, static_cast<std::uint8_t>(round));
      const Bytes record = sealed(sealer, content);
      EXPECT_EQ(opened(opener, record), content);
      sealer.update();
      opener.update();
    }
  }
}

TEST(TlsRecord, cuts_content_into_the_largest_records) {
  RecordSealer sealer(Suite::aes_128_gcm_sha256, client_secret());
  const Bytes wire = sealed(sealer, Bytes(2 * kMaxContentBytes + 1));
  EXPECT_EQ(wire.size(), 2 * kMaxContentBytes + 1 + 3 * kRecordOverheadBytes);
  net::FrameBuffer buffer = make_receive_buffer();
  std::vector<std::size_t> sizes;
  ByteView rest = wire;
  while (!rest.empty()) {
    const MutableBytes space = buffer.space();
    const std::size_t count = std::min(space.size(), rest.size());
    std::copy_n(rest.begin(), count, space.begin());
    buffer.filled(count);
    rest = rest.subspan(count);
    while (const auto record = buffer.next_frame()) sizes.push_back(record->size());
  }
  const std::size_t whole = kMaxContentBytes + kRecordOverheadBytes;
  EXPECT_EQ(sizes, (std::vector<std::size_t>{whole, whole, 1 + kRecordOverheadBytes}));
  EXPECT_LE(buffer.capacity_bytes(), kMaxReceiveBufferBytes);
}

TEST(TlsRecord, keeps_its_type_and_drops_padding) {
  RecordSealer sealer(Suite::aes_128_gcm_sha256, client_secret());
  RecordOpener opener(Suite::aes_128_gcm_sha256, client_secret());
  Bytes out(3);
  const auto alert = opener.open(sealer.seal(ContentType::alert, from_hex("0100")), out);
  EXPECT_EQ(alert.type, ContentType::alert);
  EXPECT_EQ(alert.bytes, 2U);
  // Content and type, then zeros, sealed as the inner plaintext of a record of type 0.
  const Bytes padded = sealer.seal(ContentType{0}, from_hex("aabb17000000"));
  Bytes inner(7);
  const auto data = opener.open(padded, inner);
  EXPECT_EQ(data.type, ContentType::application_data);
  EXPECT_EQ(data.bytes, 2U);
}

TEST(TlsRecord, refuses_a_record_without_type) {
  RecordSealer sealer(Suite::aes_128_gcm_sha256, client_secret());
  RecordOpener opener(Suite::aes_128_gcm_sha256, client_secret());
  const Bytes zeros = sealer.seal(ContentType{0}, Bytes(100));
  Bytes out(101);
  EXPECT_EQ(record_failure([&] { opener.open(zeros, out); }), ErrorCode::malformed);
}

TEST(TlsRecord, refuses_changed_repeated_and_reordered_records) {
  RecordSealer sealer(Suite::aes_128_gcm_sha256, client_secret());
  const Bytes one = sealed(sealer, Bytes(10, 1));
  const Bytes two = sealed(sealer, Bytes(10, 2));
  for (std::size_t at = 0; at < one.size(); ++at) {
    RecordOpener opener(Suite::aes_128_gcm_sha256, client_secret());
    Bytes changed = one;
    changed[at] ^= 1;
    EXPECT_EQ(record_failure([&] { opened(opener, changed); }), ErrorCode::malformed);
  }
  RecordOpener reordered(Suite::aes_128_gcm_sha256, client_secret());
  EXPECT_EQ(record_failure([&] { opened(reordered, two); }), ErrorCode::malformed);
  RecordOpener repeated(Suite::aes_128_gcm_sha256, client_secret());
  EXPECT_EQ(opened(repeated, one), Bytes(10, 1));
  EXPECT_EQ(record_failure([&] { opened(repeated, one); }), ErrorCode::malformed);
}

TEST(TlsRecord, has_a_body_of_17_to_16640_bytes) {
  const auto header = [](std::size_t body) {
    return Bytes{23, 3, 3, static_cast<std::uint8_t>(body >> 8), static_cast<std::uint8_t>(body)};
  };
  EXPECT_EQ(body_bytes(header(17)), 17U);
  EXPECT_EQ(body_bytes(header(kMaxBodyBytes)), kMaxBodyBytes);
  EXPECT_EQ(record_failure([&] { body_bytes(header(16)); }), ErrorCode::malformed);
  EXPECT_EQ(record_failure([&] { body_bytes(header(kMaxBodyBytes + 1)); }), ErrorCode::limit);
  EXPECT_EQ(record_failure([&] { body_bytes(from_hex("1603030020")); }), ErrorCode::malformed);
  EXPECT_EQ(record_failure([&] { body_bytes(from_hex("1703010020")); }), ErrorCode::malformed);
}

TEST(TlsRecord, holds_at_most_16384_bytes_of_content) {
  for (const std::size_t more : {0U, 1U}) {
    RecordProtection protection(Suite::aes_128_gcm_sha256, client_secret());
    Bytes inner(kMaxContentBytes + more + 1, 23);
    const std::size_t body = inner.size() + kTagBytes;
    Bytes record{23, 3, 3, static_cast<std::uint8_t>(body >> 8), static_cast<std::uint8_t>(body)};
    const Bytes header = record;
    record.resize(kHeaderBytes + body);
    protection.cipher().seal(protection.next_nonce(), header, inner,
                             MutableBytes(record).subspan(kHeaderBytes));
    RecordOpener opener(Suite::aes_128_gcm_sha256, client_secret());
    if (more == 0) {
      EXPECT_EQ(opened(opener, record).size(), kMaxContentBytes);
    } else {
      EXPECT_EQ(record_failure([&] { opened(opener, record); }), ErrorCode::limit);
    }
  }
}

TEST(TlsRecord, key_is_worn_out_after_16777216_records) {
  RecordProtection protection(Suite::aes_128_gcm_sha256, client_secret());
  for (std::uint64_t i = 0; i + 1 < RecordProtection::kMaxRecordsPerKey; ++i) {
    protection.next_nonce();
  }
  EXPECT_FALSE(protection.worn_out());
  protection.next_nonce();
  EXPECT_TRUE(protection.worn_out());
  protection.update();
  EXPECT_FALSE(protection.worn_out());
}

}  // namespace
}  // namespace shoal::tls
