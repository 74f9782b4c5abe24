#include "protocol/gossipsub/manifest.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/error.h"
#include "format/key_codec.h"
#include "format/peer_id.h"
#include "format/protobuf_guard.h"

namespace shoal::gossipsub {

namespace {

constexpr std::string_view kManifestPrefix = "shoal-gossipsub-manifest:";

enum ManifestField : protozero::pbf_tag_type {
  manifest_topic_field = 1,
  manifest_from_field = 2,
  manifest_seqno_field = 3,
  manifest_message_bytes_field = 4,
  manifest_piece_bytes_field = 5,
  manifest_hashes_field = 6,  // one after the other
  manifest_signature_field = 7,
  manifest_key_field = 8,
};

constexpr std::uint32_t manifest_bytes_field_of(ManifestField field) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(field),
                                 protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t manifest_number_field_of(ManifestField field) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(field),
                                 protozero::pbf_wire_type::varint);
}

std::string encode_manifest_fields(const Manifest& manifest, bool with_signature) {
  std::string hashes;
  for (const auto& hash : manifest.hashes) hashes.append(as_text(hash));
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(manifest_topic_field, manifest.topic);
  writer.add_bytes(manifest_from_field, as_view(manifest.from));
  writer.add_bytes(manifest_seqno_field, as_view(manifest.seqno));
  writer.add_uint64(manifest_message_bytes_field, manifest.message_bytes);
  writer.add_uint32(manifest_piece_bytes_field, manifest.piece_bytes);
  writer.add_bytes(manifest_hashes_field, hashes);
  if (!with_signature) return out;
  writer.add_bytes(manifest_signature_field, as_view(manifest.signature));
  if (manifest.key) writer.add_bytes(manifest_key_field, as_view(*manifest.key));
  return out;
}

Bytes signed_manifest_bytes(const Manifest& manifest) {
  Bytes out = to_bytes(kManifestPrefix);
  append(out, as_bytes(encode_manifest_fields(manifest, false)));
  return out;
}

void read_hashes(ByteView bytes, std::vector<crypto::Sha256Digest>& into) {
  constexpr std::size_t kSize = sizeof(crypto::Sha256Digest);
  if (bytes.size() % kSize != 0 || bytes.size() / kSize > kMaxPieces) {
    throw Error(ErrorCode::malformed, "pubsub: a manifest with a wrong number of hashes");
  }
  into.resize(bytes.size() / kSize);
  for (std::size_t i = 0; i < into.size(); ++i) {
    std::ranges::copy(bytes.subspan(i * kSize, kSize), into[i].begin());
  }
}

void check_manifest(const Manifest& manifest) {
  const std::uint64_t each = manifest.piece_bytes;
  const bool sound = manifest.topic.size() <= kMaxTopicBytes && each >= kMinPieceBytes &&
                     each <= kMaxPieceBytes && !manifest.hashes.empty() &&
                     manifest.message_bytes <= each * kMaxPieces &&
                     manifest.hashes.size() == (manifest.message_bytes + each - 1) / each &&
                     manifest.seqno.size() == kSequenceBytes && !manifest.signature.empty() &&
                     manifest.from.size() + kSequenceBytes <= kMaxMessageIdBytes;
  if (!sound) throw Error(ErrorCode::malformed, "pubsub: a manifest that contradicts itself");
}

}  // namespace

std::size_t Manifest::size_of(std::uint32_t index) const {
  return std::min<std::size_t>(piece_bytes, message_bytes - offset_of(index));
}

MessageId Manifest::id() const {
  MessageId out(as_text(from));
  out.append(as_text(seqno));
  return out;
}

Bytes Manifest::encode() const {
  return to_bytes(encode_manifest_fields(*this, true));
}

Manifest Manifest::decode(ByteView bytes) {
  return read_protobuf("a manifest", [&] {
    Manifest out;
    protozero::pbf_reader reader(as_view(bytes));
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case manifest_bytes_field_of(manifest_topic_field):
          out.topic = reader.get_string();
          break;
        case manifest_bytes_field_of(manifest_from_field):
          out.from = to_bytes(bytes_of(reader.get_view()));
          break;
        case manifest_bytes_field_of(manifest_seqno_field):
          out.seqno = to_bytes(bytes_of(reader.get_view()));
          break;
        case manifest_number_field_of(manifest_message_bytes_field):
          out.message_bytes = reader.get_uint64();
          break;
        case manifest_number_field_of(manifest_piece_bytes_field):
          out.piece_bytes = reader.get_uint32();
          break;
        case manifest_bytes_field_of(manifest_hashes_field):
          read_hashes(bytes_of(reader.get_view()), out.hashes);
          break;
        case manifest_bytes_field_of(manifest_signature_field):
          out.signature = to_bytes(bytes_of(reader.get_view()));
          break;
        case manifest_bytes_field_of(manifest_key_field):
          out.key = to_bytes(bytes_of(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    check_manifest(out);
    return out;
  });
}

ManifestKey manifest_key(ByteView encoded_manifest) {
  const auto digest = crypto::sha256(encoded_manifest);
  ManifestKey out = 0;
  for (std::size_t i = 0; i < sizeof(ManifestKey); ++i) out = out << 8 | digest[i];
  return out;
}

Manifest make_manifest(const crypto::PrivateKey& key, const StoredMessage& message,
                       std::uint32_t piece_bytes) {
  const ByteView encoded = message.encoded().view();
  Manifest out;
  out.topic = message.message.topic;
  out.from = *message.message.from;
  out.seqno = *message.message.seqno;
  out.message_bytes = encoded.size();
  out.piece_bytes = piece_bytes;
  for (std::size_t at = 0; at < encoded.size(); at += piece_bytes) {
    const std::size_t size = std::min<std::size_t>(piece_bytes, encoded.size() - at);
    out.hashes.push_back(crypto::sha256(encoded.subspan(at, size)));
  }
  out.signature = key.sign(signed_manifest_bytes(out));
  out.key = message.message.key;
  return out;
}

bool has_valid_signature(const Manifest& manifest) {
  try {
    const PeerId author = PeerId::decode(manifest.from);
    std::optional<crypto::PublicKey> key = author.public_key();
    if (manifest.key) {
      key = decode_public_key(*manifest.key);
      if (!author.matches(*key)) return false;
    }
    return key && key->verify(signed_manifest_bytes(manifest), manifest.signature);
  } catch (const Error&) {
    return false;
  }
}

bool names(const Manifest& manifest, const Message& message) {
  return message.topic == manifest.topic && message.from == manifest.from &&
         message.seqno == manifest.seqno;
}

}  // namespace shoal::gossipsub
