#include "protocol/gossipsub/message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/error.h"
#include "base/varint.h"
#include "crypto/hash.h"
#include "format/key_codec.h"
#include "format/protobuf_guard.h"

namespace shoal::gossipsub {

namespace {

constexpr std::string_view kSignaturePrefix = "libp2p-pubsub:";
constexpr protozero::pbf_tag_type kPublishField = 2;  // of an RPC

enum MessageField : protozero::pbf_tag_type {
  from_field = 1,
  data_field = 2,
  seqno_field = 3,
  topic_field = 4,
  signature_field = 5,
  key_field = 6,
};

constexpr std::uint32_t length_delimited(MessageField field) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(field),
                                 protozero::pbf_wire_type::length_delimited);
}

Bytes copy_bytes(protozero::pbf_reader& reader) {
  return to_bytes(bytes_of(reader.get_view()));
}

std::string copy_topic(protozero::pbf_reader& reader) {
  const auto view = reader.get_view();
  if (view.size() > kMaxTopicBytes) throw Error(ErrorCode::limit, "pubsub: topic too long");
  return {view.data(), view.size()};
}

void put_optional(protozero::pbf_writer& writer, MessageField field,
                  const std::optional<Bytes>& value) {
  if (value) writer.add_bytes(field, as_view(*value));
}

/// Known fields in order, then the others: what every implementation makes of the same message.
std::string encode_fields(const Message& message, bool with_signature) {
  std::string out;
  protozero::pbf_writer writer(out);
  put_optional(writer, from_field, message.from);
  put_optional(writer, data_field, message.data);
  put_optional(writer, seqno_field, message.seqno);
  writer.add_string(topic_field, message.topic);
  if (with_signature) {
    put_optional(writer, signature_field, message.signature);
    put_optional(writer, key_field, message.key);
  }
  out.append(as_text(message.unknown));
  return out;
}

/// Of one that is length-delimited, with its tag.
std::size_t field_bytes(std::size_t bytes) {
  return 1 + varint_size(bytes) + bytes;
}

std::size_t field_bytes(const std::optional<Bytes>& bytes) {
  return bytes ? field_bytes(bytes->size()) : 0;
}

/// Of encode_fields() with the signature.
std::size_t encoded_bytes(const Message& message) {
  return field_bytes(message.from) + field_bytes(message.data) + field_bytes(message.seqno) +
         field_bytes(message.topic.size()) + field_bytes(message.signature) +
         field_bytes(message.key) + message.unknown.size();
}

Bytes signed_bytes(const Message& message) {
  Bytes out = to_bytes(kSignaturePrefix);
  append(out, as_bytes(encode_fields(message, false)));
  return out;
}

/// The author's key; none when it is neither in the id nor shown, or is another's.
std::optional<crypto::PublicKey> key_of_author(const Message& message) {
  const PeerId author = PeerId::decode(*message.from);
  if (!message.key) return author.public_key();
  crypto::PublicKey key = decode_public_key(*message.key);
  if (!author.matches(key)) return std::nullopt;
  return key;
}

}  // namespace

Bytes Message::encode() const {
  return to_bytes(encode_fields(*this, true));
}

Message Message::decode(ByteView bytes) {
  return read_protobuf("a pubsub message", [&] {
    Message out;
    bool has_topic = false;
    protozero::pbf_reader reader(as_view(bytes));
    const char* begin = reader.data().data();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case length_delimited(from_field):
          out.from = copy_bytes(reader);
          break;
        case length_delimited(data_field):
          out.data = copy_bytes(reader);
          break;
        case length_delimited(seqno_field):
          out.seqno = copy_bytes(reader);
          break;
        case length_delimited(topic_field):
          out.topic = copy_topic(reader);
          has_topic = true;
          break;
        case length_delimited(signature_field):
          out.signature = copy_bytes(reader);
          break;
        case length_delimited(key_field):
          out.key = copy_bytes(reader);
          break;
        default:
          reader.skip();
          append(out.unknown, as_bytes({begin, reader.data().data()}));
      }
      begin = reader.data().data();
    }
    if (!has_topic) throw Error(ErrorCode::malformed, "pubsub: a message without topic");
    return out;
  });
}

Message sign_message(const crypto::PrivateKey& key, std::uint64_t seqno, std::string topic,
                     Bytes data) {
  const PeerId author = PeerId::from_public_key(key.public_key());
  Message out = anonymous_message(std::move(topic), std::move(data));
  out.from = to_bytes(author.encoded());
  out.seqno.emplace(kSequenceBytes);
  for (std::size_t i = 0; i < kSequenceBytes; ++i) {
    (*out.seqno)[i] = static_cast<std::uint8_t>(seqno >> (8 * (kSequenceBytes - 1 - i)));
  }
  out.signature = key.sign(signed_bytes(out));
  if (!author.public_key()) out.key = encode_public_key(key.public_key());
  return out;
}

Message anonymous_message(std::string topic, Bytes data) {
  Message out;
  out.topic = std::move(topic);
  out.data = std::move(data);
  return out;
}

bool follows_policy(const Message& message, SignaturePolicy policy) {
  if (policy == SignaturePolicy::strict_no_sign) {
    return !message.from && !message.seqno && !message.signature && !message.key;
  }
  return message.from && message.seqno && message.seqno->size() == kSequenceBytes &&
         message.signature && !message.signature->empty();
}

bool has_valid_signature(const Message& message) {
  if (!message.from || !message.signature) return false;
  try {
    const auto key = key_of_author(message);
    // A message comes once: the caches before this one know the others.
    return key && key->verify_once(signed_bytes(message), *message.signature);
  } catch (const Error&) {
    return false;
  }
}

MessageId default_message_id(const Message& message) {
  if (message.from && message.seqno) {
    MessageId out(as_text(*message.from));
    out.append(as_text(*message.seqno));
    return out;
  }
  const auto digest = crypto::sha256(message.data ? ByteView(*message.data) : ByteView());
  return MessageId(as_text(digest));
}

const SharedBytes& StoredMessage::rpc() const {
  if (made_rpc.empty()) {
    std::string out;
    protozero::pbf_writer(out).add_bytes(kPublishField, encode_fields(message, true));
    made_rpc = SharedBytes(to_bytes(out));
  }
  return made_rpc;
}

SharedBytes StoredMessage::encoded() const {
  const SharedBytes& whole = rpc();
  protozero::pbf_reader reader(as_view(whole.view()));
  reader.next(kPublishField);
  const ByteView inner = bytes_of(reader.get_view());
  return whole.part(whole.size() - inner.size(), inner.size());
}

MessagePtr store_message(Message message, MessageId id, std::shared_ptr<const Manifest> manifest) {
  const std::size_t bytes = field_bytes(encoded_bytes(message));
  return std::make_shared<const StoredMessage>(StoredMessage{.message = std::move(message),
                                                             .id = std::move(id),
                                                             .manifest = std::move(manifest),
                                                             .rpc_bytes = bytes});
}

}  // namespace shoal::gossipsub
