#include "format/cid.h"

#include <utility>

#include "base/base_n.h"
#include "base/error.h"
#include "base/varint.h"
#include "format/hash_function.h"
#include "format/multibase.h"

namespace shoal {
namespace {

constexpr std::size_t kV0Bytes = 34;
constexpr std::size_t kV0Characters = 46;
constexpr std::uint8_t kSha256Code = 0x12;

// Hexadecimal is the longest form that we read.
constexpr std::size_t kMaxTextCharacters = 1 + 2 * Cid::kMaxEncodedBytes;

void check_digest(const Multihash& hash) {
  if (!is_digest_size(hash.code(), hash.digest().size())) {
    throw Error(ErrorCode::malformed, "CID with a digest of the wrong length");
  }
}

bool starts_as_v0(ByteView bytes) {
  return bytes.size() >= 2 && bytes[0] == kSha256Code && bytes[1] == 32;
}

}  // namespace

Cid::Cid(int version, std::uint64_t codec, Multihash hash)
    : version_(version), codec_(codec), hash_(std::move(hash)) {
  check_digest(hash_);
  const std::size_t prefix = version_ == 0 ? 0 : 1 + varint_size(codec_);
  if (prefix + hash_.encoded().size() > kMaxEncodedBytes) {
    throw Error(ErrorCode::limit, "CID of more than 168 bytes");
  }
}

Cid Cid::v0(Multihash hash) {
  if (!hash.is(HashCode::sha2_256)) {
    throw Error(ErrorCode::malformed, "CIDv0 that is not of sha2-256");
  }
  return {0, static_cast<std::uint64_t>(Codec::dag_pb), std::move(hash)};
}

Cid Cid::v1(Codec codec, Multihash hash) {
  return v1(static_cast<std::uint64_t>(codec), std::move(hash));
}

Cid Cid::v1(std::uint64_t codec, Multihash hash) {
  return {1, codec, std::move(hash)};
}

Cid Cid::decode(ByteView bytes) {
  if (bytes.size() > kMaxEncodedBytes) throw Error(ErrorCode::limit, "CID of more than 168 bytes");
  Cid cid = take(bytes);
  if (!bytes.empty()) throw Error(ErrorCode::malformed, "bytes left over after a CID");
  return cid;
}

Cid Cid::take(ByteView& bytes) {
  ByteView rest = bytes;
  if (starts_as_v0(bytes)) {
    Cid cid = v0(Multihash::take(rest));
    bytes = rest;
    return cid;
  }
  const std::uint64_t version = take_whole_varint(rest);
  if (version != 1) throw Error(ErrorCode::malformed, "CID of an unknown version");
  const std::uint64_t codec = take_whole_varint(rest);
  Cid cid = v1(codec, Multihash::take(rest));
  bytes = rest;
  return cid;
}

Cid Cid::parse(std::string_view text) {
  if (text.size() > kMaxTextCharacters) throw Error(ErrorCode::limit, "CID of too many characters");
  if (text.size() == kV0Characters && text.starts_with("Qm")) {
    return v0(Multihash::decode(decode_base(Base::base58btc, text)));
  }
  Cid cid = decode(decode_multibase(text).bytes);
  if (cid.version() == 0) throw Error(ErrorCode::malformed, "CIDv0 with a multibase prefix");
  return cid;
}

Bytes Cid::encode() const {
  const ByteView hash = hash_.encoded();
  Bytes out;
  out.reserve(kV0Bytes + 2);
  if (version_ == 1) {
    append_varint(out, 1);
    append_varint(out, codec_);
  }
  append(out, hash);
  return out;
}

std::string Cid::to_string() const {
  return version_ == 0 ? encode_base(Base::base58btc, hash_.encoded())
                       : encode_multibase(Base::base32, encode());
}

}  // namespace shoal
