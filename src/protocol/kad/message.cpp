#include "protocol/kad/message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::kad {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

// dht.proto and record.proto. Field 10 of a message, clusterLevelRaw, is a relic that Go still
// writes; fields 3 and 4 of a record, author and signature, are no longer in use.
enum MessageField : protozero::pbf_tag_type {
  type_field = 1,
  key_field = 2,
  record_field = 3,
  closer_field = 8,
  providers_field = 9,
};
enum PeerField : protozero::pbf_tag_type {
  peer_id_field = 1,
  peer_address_field = 2,
  peer_connection_field = 3,
};
enum RecordField : protozero::pbf_tag_type {
  record_key_field = 1,
  record_value_field = 2,
  record_time_field = 5,
};

constexpr std::uint8_t kLastType = static_cast<std::uint8_t>(MessageType::ping);
constexpr std::uint8_t kLastConnection = 3;
constexpr std::size_t kMaxTimeBytes = 64;

Bytes bounded_bytes(protozero::pbf_reader& reader, std::size_t max_bytes, const char* what) {
  const ByteView bytes = bytes_of(reader.get_view());
  if (bytes.size() > max_bytes) {
    throw Error(ErrorCode::limit, std::string(what) + " of a DHT message is too long");
  }
  return to_bytes(bytes);
}

MessageType read_type(protozero::pbf_reader& reader) {
  const std::uint64_t value = reader.get_uint64();
  if (value > kLastType) throw Error(ErrorCode::malformed, "DHT message of an unknown type");
  return static_cast<MessageType>(value);
}

std::uint8_t read_connection(protozero::pbf_reader& reader) {
  const std::uint64_t value = reader.get_uint64();
  return value > kLastConnection ? std::uint8_t{0} : static_cast<std::uint8_t>(value);
}

/// The address without /p2p; none when it is another peer's or cannot be read.
std::optional<Multiaddr> address_of_peer(ByteView bytes, const PeerId& peer) {
  try {
    Multiaddr address = Multiaddr::decode(bytes);
    while (const std::optional<PeerId> owner = address.peer()) {
      if (*owner != peer) return std::nullopt;
      address = address.without_peer();
    }
    if (address.empty()) return std::nullopt;
    return address;
  } catch (const Error&) {
    return std::nullopt;  // a newer protocol than ours; the other addresses are still good
  }
}

std::optional<PeerId> readable_peer_id(ByteView bytes) {
  try {
    return PeerId::decode(bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<PeerInfo> read_peer(protozero::pbf_reader reader) {
  ByteView id_bytes;
  std::vector<ByteView> addresses;  // the id that they are checked against may come later
  std::uint8_t connection = 0;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(peer_id_field, pbf_wire_type::length_delimited):
        id_bytes = bytes_of(reader.get_view());
        break;
      case tag_and_type(peer_address_field, pbf_wire_type::length_delimited):
        addresses.push_back(bytes_of(reader.get_view()));
        break;
      case tag_and_type(peer_connection_field, pbf_wire_type::varint):
        connection = read_connection(reader);
        break;
      default:
        reader.skip();
    }
  }
  std::optional<PeerId> id = readable_peer_id(id_bytes);
  if (!id) return std::nullopt;
  PeerInfo out{.id = std::move(*id), .addresses = {}, .connection = connection};
  for (const ByteView bytes : addresses) {
    if (out.addresses.size() == PeerInfo::kMaxAddresses) break;
    std::optional<Multiaddr> address = address_of_peer(bytes, out.id);
    if (address) out.addresses.push_back(std::move(*address));
  }
  return out;
}

void keep_peer(std::vector<PeerInfo>& kept, protozero::pbf_reader& reader) {
  if (kept.size() == Message::kMaxPeers) {
    reader.skip();
    return;
  }
  std::optional<PeerInfo> peer = read_peer(reader.get_message());
  if (peer) kept.push_back(std::move(*peer));
}

Record read_record(protozero::pbf_reader reader) {
  Record out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(record_key_field, pbf_wire_type::length_delimited):
        out.key = bounded_bytes(reader, kMaxKeyBytes, "the record's key");
        break;
      case tag_and_type(record_value_field, pbf_wire_type::length_delimited):
        out.value = bounded_bytes(reader, Record::kMaxValueBytes, "the record's value");
        break;
      case tag_and_type(record_time_field, pbf_wire_type::length_delimited):
        out.time_received = as_text(bounded_bytes(reader, kMaxTimeBytes, "the record's time"));
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

Message read_message(ByteView bytes) {
  Message out;
  out.type = MessageType::put_value;  // what proto3 leaves out
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(type_field, pbf_wire_type::varint):
        out.type = read_type(reader);
        break;
      case tag_and_type(key_field, pbf_wire_type::length_delimited):
        out.key = bounded_bytes(reader, kMaxKeyBytes, "the key");
        break;
      case tag_and_type(record_field, pbf_wire_type::length_delimited):
        out.record = read_record(reader.get_message());
        if (*out.record == Record{}) out.record.reset();
        break;
      case tag_and_type(closer_field, pbf_wire_type::length_delimited):
        keep_peer(out.closer, reader);
        break;
      case tag_and_type(providers_field, pbf_wire_type::length_delimited):
        keep_peer(out.providers, reader);
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void add_bytes(protozero::pbf_writer& writer, protozero::pbf_tag_type field, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  if (!text.empty()) writer.add_bytes(field, text.data(), text.size());
}

void add_peer(protozero::pbf_writer& writer, MessageField field, const PeerInfo& peer) {
  protozero::pbf_writer inner(writer, field);
  add_bytes(inner, peer_id_field, peer.id.encoded());
  for (const Multiaddr& address : peer.addresses) {
    add_bytes(inner, peer_address_field, address.encoded());
  }
  if (peer.connection != 0) inner.add_enum(peer_connection_field, peer.connection);
}

void add_record(protozero::pbf_writer& writer, const Record& record) {
  protozero::pbf_writer inner(writer, record_field);
  add_bytes(inner, record_key_field, record.key);
  add_bytes(inner, record_value_field, record.value);
  add_bytes(inner, record_time_field, as_bytes(record.time_received));
}

}  // namespace

Bytes Message::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  if (type != MessageType::put_value) writer.add_enum(type_field, static_cast<int>(type));
  add_bytes(writer, key_field, key);
  if (record) add_record(writer, *record);
  for (const PeerInfo& peer : closer) add_peer(writer, closer_field, peer);
  for (const PeerInfo& peer : providers) add_peer(writer, providers_field, peer);
  return to_bytes(out);
}

Message Message::decode(ByteView bytes) {
  return read_protobuf("DHT message", [&] { return read_message(bytes); });
}

}  // namespace shoal::kad
