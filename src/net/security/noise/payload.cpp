#include "net/security/noise/payload.h"

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string_view>

#include "base/error.h"
#include "format/key_codec.h"
#include "format/protobuf_guard.h"

namespace shoal::noise {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr protozero::pbf_tag_type kIdentityKey = 1;
constexpr protozero::pbf_tag_type kIdentitySignature = 2;
constexpr protozero::pbf_tag_type kExtensions = 4;
constexpr protozero::pbf_tag_type kStreamMuxers = 2;  // within the extensions

Bytes to_sign(ByteView static_key) {
  Bytes message = to_bytes("noise-libp2p-static-key:");
  append(message, static_key);
  return message;
}

void set_once(std::optional<ByteView>& field, protozero::data_view value) {
  if (field) throw Error(ErrorCode::malformed, "a field of the Noise payload is there twice");
  field = bytes_of(value);
}

/// Known fields must be byte strings; unknown ones may be anything but groups.
void skip_unknown(protozero::pbf_reader& reader, protozero::pbf_tag_type last_known) {
  if (reader.tag() <= last_known && reader.wire_type() != pbf_wire_type::length_delimited) {
    throw Error(ErrorCode::malformed, "a field of the Noise payload is not a byte string");
  }
  reader.skip();
}

std::vector<std::string> read_extensions(ByteView bytes) {
  std::vector<std::string> muxers;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    if (reader.tag_and_type() != tag_and_type(kStreamMuxers, pbf_wire_type::length_delimited)) {
      skip_unknown(reader, kStreamMuxers);
      continue;
    }
    if (muxers.size() == kMaxMuxers) {
      throw Error(ErrorCode::limit, "the Noise payload names more than 100 muxers");
    }
    muxers.push_back(reader.get_string());
  }
  return muxers;
}

HandshakePayload read_payload(ByteView bytes) {
  std::optional<ByteView> key;
  std::optional<ByteView> signature;
  std::optional<ByteView> extensions;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kIdentityKey, pbf_wire_type::length_delimited):
        set_once(key, reader.get_view());
        break;
      case tag_and_type(kIdentitySignature, pbf_wire_type::length_delimited):
        set_once(signature, reader.get_view());
        break;
      case tag_and_type(kExtensions, pbf_wire_type::length_delimited):
        set_once(extensions, reader.get_view());
        break;
      default:
        skip_unknown(reader, kExtensions);
    }
  }
  if (!key || !signature) {
    throw Error(ErrorCode::malformed, "the Noise payload has no key or no signature");
  }
  return {to_bytes(*key), to_bytes(*signature),
          extensions ? read_extensions(*extensions) : std::vector<std::string>{}};
}

void add_bytes(protozero::pbf_writer& writer, protozero::pbf_tag_type tag, ByteView bytes) {
  writer.add_bytes(tag, as_view(bytes));
}

}  // namespace

Bytes encode_payload(const HandshakePayload& payload) {
  std::string encoded;
  protozero::pbf_writer writer(encoded);
  add_bytes(writer, kIdentityKey, payload.identity_key);
  add_bytes(writer, kIdentitySignature, payload.identity_signature);
  if (!payload.stream_muxers.empty()) {
    protozero::pbf_writer extensions(writer, kExtensions);
    for (const auto& muxer : payload.stream_muxers) extensions.add_string(kStreamMuxers, muxer);
  }
  return to_bytes(encoded);
}

HandshakePayload decode_payload(ByteView bytes) {
  return read_protobuf("the Noise payload", [&] { return read_payload(bytes); });
}

HandshakePayload signed_payload(const crypto::PrivateKey& identity, ByteView static_key,
                                std::vector<std::string> muxers) {
  return {encode_public_key(identity.public_key()), identity.sign(to_sign(static_key)),
          std::move(muxers)};
}

crypto::PublicKey verified_identity(const HandshakePayload& payload, ByteView static_key) {
  auto key = decode_public_key(payload.identity_key);
  if (!key.verify(to_sign(static_key), payload.identity_signature)) {
    throw Error(ErrorCode::malformed, "the peer's signature of its Noise key is wrong");
  }
  return key;
}

}  // namespace shoal::noise
