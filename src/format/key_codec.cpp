#include "format/key_codec.h"

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <string>

#include "base/error.h"
#include "base/varint.h"
#include "format/protobuf_guard.h"

namespace shoal {
namespace {

using crypto::KeyType;
using protozero::pbf_wire_type;

constexpr std::uint8_t kTypeTag = 0x08;  // field 1, varint
constexpr std::uint8_t kDataTag = 0x12;  // field 2, bytes

struct KeyMessage {
  std::uint64_t type;
  ByteView data;
};

Bytes encode_key(std::uint64_t type, ByteView data) {
  Bytes out;
  out.reserve(data.size() + 8);
  out.push_back(kTypeTag);
  append_varint(out, type);
  out.push_back(kDataTag);
  append_varint(out, data.size());
  append(out, data);
  return out;
}

KeyMessage read_key(ByteView bytes) {
  std::optional<std::uint64_t> type;
  std::optional<ByteView> data;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case protozero::tag_and_type(1, pbf_wire_type::varint):
        type = reader.get_uint64();
        break;
      case protozero::tag_and_type(2, pbf_wire_type::length_delimited):
        data = bytes_of(reader.get_view());
        break;
      default:
        throw Error(ErrorCode::malformed, "key with a foreign field");
    }
  }
  if (!type || !data) throw Error(ErrorCode::malformed, "key without its type or its data");
  return {*type, *data};
}

KeyType known_type(std::uint64_t type) {
  if (type > static_cast<std::uint64_t>(KeyType::ecdsa)) {
    throw Error(ErrorCode::unsupported, "key of an unknown type");
  }
  return static_cast<KeyType>(type);
}

KeyMessage decode_key(ByteView bytes, std::size_t limit) {
  if (bytes.size() > limit) throw Error(ErrorCode::limit, "key of too many bytes");
  const KeyMessage key = read_protobuf("key", [&] { return read_key(bytes); });
  known_type(key.type);
  if (!equal(encode_key(key.type, key.data), bytes)) {
    throw Error(ErrorCode::malformed, "key that is not encoded deterministically");
  }
  return key;
}

}  // namespace

Bytes encode_public_key(const crypto::PublicKey& key) {
  return encode_key(static_cast<std::uint64_t>(key.type()), key.data());
}

crypto::PublicKey decode_public_key(ByteView bytes) {
  const KeyMessage key = decode_key(bytes, kMaxPublicKeyBytes);
  return crypto::PublicKey::decode(known_type(key.type), key.data);
}

void check_inline_public_key(ByteView bytes) {
  const KeyMessage key = decode_key(bytes, kMaxPublicKeyBytes);
  const KeyType type = known_type(key.type);
  const bool is_ed25519 = type == KeyType::ed25519 && key.data.size() == 32;
  const bool is_secp256k1 =
      type == KeyType::secp256k1 && key.data.size() == 33 && (key.data[0] == 2 || key.data[0] == 3);
  if (!is_ed25519 && !is_secp256k1) {
    throw Error(ErrorCode::malformed, "key of the wrong length for its type");
  }
}

Bytes encode_private_key(const crypto::PrivateKey& key) {
  return encode_key(static_cast<std::uint64_t>(key.type()), key.encode());
}

crypto::PrivateKey decode_private_key(ByteView bytes) {
  const KeyMessage key = decode_key(bytes, kMaxPrivateKeyBytes);
  return crypto::PrivateKey::decode(known_type(key.type), key.data);
}

}  // namespace shoal
