#include "net/security/tls/record.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/wipe.h"

namespace shoal::tls {

namespace {

crypto::Aead make_cipher(Suite suite, const TrafficSecret& secret) {
  const crypto::AeadAlgorithm algorithm = aead_of(suite);
  Bytes key(crypto::Aead::key_bytes(algorithm));
  expand_label(secret.bytes(), "key", key);
  crypto::Aead cipher(algorithm, key);
  crypto::wipe(key);
  return cipher;
}

crypto::Aead::Nonce make_first_nonce(const TrafficSecret& secret) {
  crypto::Aead::Nonce nonce{};
  expand_label(secret.bytes(), "iv", nonce);
  return nonce;
}

void write_header(MutableBytes header, std::size_t body) {
  header[0] = static_cast<std::uint8_t>(ContentType::application_data);
  header[1] = 3;
  header[2] = 3;
  header[3] = static_cast<std::uint8_t>(body >> 8);
  header[4] = static_cast<std::uint8_t>(body);
}

}  // namespace

std::size_t body_bytes(ByteView header) {
  SHOAL_CHECK(header.size() == kHeaderBytes);
  if (header[0] != static_cast<std::uint8_t>(ContentType::application_data) || header[1] != 3 ||
      header[2] != 3) {
    throw Error(ErrorCode::malformed, "not a protected TLS record");
  }
  const std::size_t bytes = std::size_t{header[3]} << 8 | header[4];
  if (bytes > kMaxBodyBytes) throw Error(ErrorCode::limit, "a TLS record is too long");
  if (bytes <= kTagBytes) throw Error(ErrorCode::malformed, "a TLS record is too short");
  return bytes;
}

RecordProtection::RecordProtection(Suite suite, const TrafficSecret& secret)
    : suite_(suite),
      secret_(secret),
      cipher_(make_cipher(suite, secret)),
      first_nonce_(make_first_nonce(secret)) {}

/// RFC 8446, section 5.3: the count of records, padded on the left, XOR the first nonce.
crypto::Aead::Nonce RecordProtection::next_nonce() {
  crypto::Aead::Nonce nonce = first_nonce_;
  for (std::size_t i = 0; i < sizeof(records_); ++i) {
    nonce[nonce.size() - 1 - i] ^= static_cast<std::uint8_t>(records_ >> (8 * i));
  }
  ++records_;
  return nonce;
}

void RecordProtection::update() {
  *this = RecordProtection(suite_, secret_.next());
}

std::size_t RecordSealer::sealed_bytes(std::size_t content_bytes) {
  const std::size_t records = (content_bytes + kMaxContentBytes - 1) / kMaxContentBytes;
  return content_bytes + records * kRecordOverheadBytes;
}

std::size_t RecordSealer::seal(net::Gathered& from, MutableBytes out) {
  std::size_t written = 0;
  while (from.remaining_bytes() > 0) {
    const std::size_t content = std::min(from.remaining_bytes(), kMaxContentBytes);
    if (out.size() - written < content + kRecordOverheadBytes) break;
    written += seal_one(ContentType::application_data, from, out.subspan(written));
  }
  SHOAL_CHECK(written > 0 || from.remaining_bytes() == 0);
  return written;
}

Bytes RecordSealer::seal(ContentType type, ByteView content) {
  SHOAL_CHECK(content.size() <= kMaxContentBytes);
  net::Gathered from({&content, 1});
  Bytes out(content.size() + kRecordOverheadBytes);
  seal_one(type, from, out);
  return out;
}

std::size_t RecordSealer::seal_one(ContentType type, net::Gathered& from, MutableBytes out) {
  const std::size_t content = std::min(from.remaining_bytes(), kMaxContentBytes);
  const std::size_t body = content + 1 + kTagBytes;
  const MutableBytes header = out.first(kHeaderBytes);
  write_header(header, body);
  views_.clear();
  from.take(content, views_);
  const auto type_byte = static_cast<std::uint8_t>(type);
  views_.emplace_back(&type_byte, 1);
  protection_.cipher().seal(protection_.next_nonce(), header, views_,
                            out.subspan(kHeaderBytes, body));
  return kHeaderBytes + body;
}

RecordOpener::Opened RecordOpener::open(ByteView record, MutableBytes out) {
  SHOAL_CHECK(out.size() == space_for(record.size()));
  const ByteView header = record.first(kHeaderBytes);
  if (!protection_.cipher().open(protection_.next_nonce(), header, record.subspan(kHeaderBytes),
                                 out)) {
    throw Error(ErrorCode::malformed, "a TLS record is not authentic");
  }
  std::size_t end = out.size();
  while (end > 0 && out[end - 1] == 0) --end;
  if (end == 0) throw Error(ErrorCode::malformed, "a TLS record has no type");
  const std::size_t content = end - 1;
  if (content > kMaxContentBytes) throw Error(ErrorCode::limit, "a TLS record is too long");
  return {static_cast<ContentType>(out[content]), content};
}

}  // namespace shoal::tls
