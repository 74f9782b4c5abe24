#include "protocol/identify/message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/error.h"

namespace shoal::identify {

namespace {

enum Field : protozero::pbf_tag_type {
  public_key_field = 1,
  listen_addresses_field = 2,
  protocols_field = 3,
  observed_address_field = 4,
  protocol_version_field = 5,
  agent_version_field = 6,
  signed_peer_record_field = 8,
};

Bytes take_bytes(protozero::pbf_reader& reader) {
  const auto view = reader.get_view();
  return to_bytes(std::string_view(view.data(), view.size()));
}

std::string take_name(protozero::pbf_reader& reader) {
  const auto view = reader.get_view();
  if (view.size() > Message::kMaxNameBytes)
    throw Error(ErrorCode::limit, "identify: name too long");
  return {view.data(), view.size()};
}

void take_field(Message& into, protozero::pbf_reader& reader) {
  switch (reader.tag()) {
    case public_key_field:
      into.public_key = take_bytes(reader);
      break;
    case observed_address_field:
      into.observed_address = take_bytes(reader);
      break;
    case protocol_version_field:
      into.protocol_version = take_name(reader);
      break;
    case agent_version_field:
      into.agent_version = take_name(reader);
      break;
    case signed_peer_record_field:
      into.signed_peer_record = take_bytes(reader);
      break;
    case listen_addresses_field:
      if (into.listen_addresses.size() < Message::kMaxAddresses) {
        into.listen_addresses.push_back(take_bytes(reader));
      } else {
        reader.skip();
      }
      break;
    case protocols_field:
      if (into.protocols.size() == Message::kMaxProtocols) {
        throw Error(ErrorCode::limit, "identify: more than 1024 protocols");
      }
      into.protocols.push_back(take_name(reader));
      break;
    default:
      reader.skip();
  }
}

void put(protozero::pbf_writer& writer, Field field, ByteView bytes) {
  if (!bytes.empty())
    writer.add_bytes(field, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

Bytes Message::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  put(writer, public_key_field, public_key);
  for (const Bytes& address : listen_addresses) put(writer, listen_addresses_field, address);
  for (const std::string& protocol : protocols) writer.add_string(protocols_field, protocol);
  put(writer, observed_address_field, observed_address);
  put(writer, protocol_version_field, as_bytes(protocol_version));
  put(writer, agent_version_field, as_bytes(agent_version));
  put(writer, signed_peer_record_field, signed_peer_record);
  return to_bytes(out);
}

void Message::merge(ByteView bytes) {
  try {
    const std::string_view text = as_text(bytes);
    protozero::pbf_reader reader(text.data(), text.size());
    while (reader.next()) {
      if (reader.wire_type() != protozero::pbf_wire_type::length_delimited) {
        reader.skip();
        continue;
      }
      take_field(*this, reader);
    }
  } catch (const protozero::exception& error) {
    throw Error(ErrorCode::malformed, std::string("identify: ") + error.what());
  }
}

}  // namespace shoal::identify
