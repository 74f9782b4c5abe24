#include "format/multihash.h"

#include <algorithm>
#include <utility>

#include "base/varint.h"
#include "crypto/hash.h"
#include "format/hash_function.h"

namespace shoal {
namespace {

struct Header {
  std::uint64_t code;
  std::uint64_t digest_bytes;
};

Header take_header(ByteView& bytes) {
  const std::uint64_t code = take_whole_varint(bytes);
  const std::uint64_t digest_bytes = take_whole_varint(bytes);
  return {code, digest_bytes};
}

}  // namespace

Multihash Multihash::sha2_256(ByteView content) {
  return wrap(HashCode::sha2_256, crypto::sha256(content));
}

Multihash Multihash::identity(ByteView content) {
  return wrap(HashCode::identity, content);
}

Multihash Multihash::wrap(HashCode code, ByteView digest) {
  if (digest.size() > kMaxDigestBytes) {
    throw Error(ErrorCode::limit, "digest of more than 128 bytes");
  }
  Bytes bytes;
  bytes.reserve(4 + digest.size());
  append_varint(bytes, static_cast<std::uint64_t>(code));
  append_varint(bytes, digest.size());
  append(bytes, digest);
  return Multihash(bytes);
}

std::optional<Multihash> Multihash::compute(std::uint64_t code, std::size_t digest_bytes,
                                            ByteView content) {
  const std::optional<Bytes> digest = compute_digest(code, digest_bytes, content);
  if (!digest) return std::nullopt;
  return wrap(static_cast<HashCode>(code), *digest);
}

Multihash Multihash::decode(ByteView bytes) {
  Multihash hash = take(bytes);
  if (!bytes.empty()) throw Error(ErrorCode::malformed, "bytes left over after a multihash");
  return hash;
}

Multihash Multihash::take(ByteView& bytes) {
  ByteView rest = bytes;
  const Header header = take_header(rest);
  if (header.digest_bytes > kMaxDigestBytes) {
    throw Error(ErrorCode::limit, "digest of more than 128 bytes");
  }
  if (header.digest_bytes > rest.size()) throw Error(ErrorCode::malformed, "multihash cut short");
  const std::size_t header_bytes = bytes.size() - rest.size();
  const std::size_t all = header_bytes + static_cast<std::size_t>(header.digest_bytes);
  const Multihash hash(bytes.first(all));
  bytes = bytes.subspan(all);
  return hash;
}

std::uint64_t Multihash::code() const {
  ByteView rest = encoded();
  return take_header(rest).code;
}

ByteView Multihash::digest() const {
  ByteView rest = encoded();
  take_header(rest);
  return rest;
}

std::string Multihash::function_name() const {
  return hash_function_name(code());
}

bool Multihash::is_computable() const {
  return is(HashCode::identity) || is_hash_computable(code(), digest().size());
}

bool Multihash::matches(ByteView content) const {
  if (is(HashCode::identity)) return equal(digest(), content);
  const std::optional<Bytes> computed = compute_digest(code(), digest().size(), content);
  if (!computed) throw cannot_verify(*this);
  return equal(digest(), *computed);
}

Error cannot_verify(const Multihash& hash, std::string subject) {
  return {ErrorCode::unsupported,
          "content is hashed with " + hash.function_name() + ", which this program cannot verify",
          std::move(subject)};
}

std::strong_ordering Multihash::operator<=>(const Multihash& other) const {
  const ByteView a = encoded();
  const ByteView b = other.encoded();
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace shoal

std::size_t std::hash<shoal::Multihash>::operator()(const shoal::Multihash& hash) const noexcept {
  return shoal::hash_of_tail(hash.encoded());
}
