#include "format/envelope.h"

#include <optional>
#include <protozero/pbf_reader.hpp>

#include "base/error.h"
#include "base/varint.h"
#include "format/key_codec.h"
#include "format/protobuf_guard.h"

namespace shoal {
namespace {

enum Field : protozero::pbf_tag_type {
  public_key = 1,
  payload_type = 2,
  payload = 3,
  signature = 5
};

struct Message {
  ByteView key;
  ByteView type;
  ByteView payload;
  ByteView signature;
};

void append_prefixed(Bytes& out, ByteView bytes) {
  append_varint(out, bytes.size());
  append(out, bytes);
}

void append_field(Bytes& out, Field field, ByteView bytes) {
  constexpr std::uint64_t kLengthDelimited = 2;
  append_varint(out, static_cast<std::uint64_t>(field) << 3 | kLengthDelimited);
  append_prefixed(out, bytes);
}

/// What is signed: domain, type and payload, each behind its length.
Bytes signed_bytes(std::string_view domain, ByteView type, ByteView payload) {
  Bytes out;
  out.reserve(domain.size() + type.size() + payload.size() + 3 * kMaxVarintBytes);
  append_prefixed(out, as_bytes(domain));
  append_prefixed(out, type);
  append_prefixed(out, payload);
  return out;
}

/// A field that came twice would be read as the first by some and as the last by others.
void set_once(std::optional<ByteView>& field, protozero::pbf_reader& reader) {
  if (field) throw Error(ErrorCode::malformed, "envelope with a field twice");
  field = bytes_of(reader.get_view());
}

Message read_envelope(ByteView bytes) {
  using protozero::pbf_wire_type;
  std::optional<ByteView> fields[Field::signature + 1];
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    const bool is_known = reader.tag() <= Field::signature && reader.tag() != 4;
    if (is_known && reader.wire_type() == pbf_wire_type::length_delimited) {
      set_once(fields[reader.tag()], reader);
    } else if (is_known) {
      throw Error(ErrorCode::malformed, "envelope with a field of the wrong type");
    } else {
      reader.skip();
    }
  }
  if (!fields[Field::public_key] || !fields[Field::signature]) {
    throw Error(ErrorCode::malformed, "envelope without its key or its signature");
  }
  return {*fields[Field::public_key], fields[Field::payload_type].value_or(ByteView()),
          fields[Field::payload].value_or(ByteView()), *fields[Field::signature]};
}

void check_size(std::size_t bytes) {
  if (bytes > Envelope::kMaxBytes) throw Error(ErrorCode::limit, "envelope of more than 64 KiB");
}

}  // namespace

Bytes seal_envelope(const crypto::PrivateKey& key, std::string_view domain, ByteView type,
                    ByteView content) {
  SHOAL_CHECK(!domain.empty() && !type.empty());
  check_size(content.size());
  Bytes out;
  append_field(out, Field::public_key, encode_public_key(key.public_key()));
  append_field(out, Field::payload_type, type);
  append_field(out, Field::payload, content);
  append_field(out, Field::signature, key.sign(signed_bytes(domain, type, content)));
  check_size(out.size());
  return out;
}

Envelope open_envelope(ByteView bytes, std::string_view domain, ByteView type) {
  check_size(bytes.size());
  const Message message = read_protobuf("envelope", [&] { return read_envelope(bytes); });
  if (!equal(message.type, type)) {
    throw Error(ErrorCode::unsupported, "envelope with another type of payload");
  }
  crypto::PublicKey signer = decode_public_key(message.key);
  if (!signer.verify(signed_bytes(domain, message.type, message.payload), message.signature)) {
    throw Error(ErrorCode::malformed, "envelope with a bad signature");
  }
  return {std::move(signer), to_bytes(message.type), to_bytes(message.payload)};
}

}  // namespace shoal
