#include "protocol/dcutr/dcutr_message.h"

#include <algorithm>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::dcutr {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr protozero::pbf_tag_type kType = 1;
constexpr protozero::pbf_tag_type kAddresses = 2;
// Ours.
constexpr protozero::pbf_tag_type kMapping = 1001;
constexpr protozero::pbf_tag_type kPart = 1002;

/// None for one of a later version.
template <class Enum>
std::optional<Enum> known(std::uint32_t value, Enum last) {
  if (value == 0 || value > static_cast<std::uint32_t>(last)) return std::nullopt;
  return static_cast<Enum>(value);
}

void keep_address(std::vector<Multiaddr>& kept, ByteView bytes) {
  if (kept.size() == Message::kMaxAddresses) return;
  try {
    Multiaddr address = Multiaddr::decode(bytes).without_peer();
    const bool usable = !address.empty() && !address.has(AddressCode::p2p_circuit);
    if (usable && std::ranges::find(kept, address) == kept.end()) {
      kept.push_back(std::move(address));
    }
  } catch (const Error&) {
    // A newer protocol than ours; the other addresses are still good.
  }
}

Message read_message(ByteView bytes) {
  Message out;
  std::optional<std::uint32_t> type;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kType, pbf_wire_type::varint):
        type = reader.get_uint32();
        break;
      case tag_and_type(kAddresses, pbf_wire_type::length_delimited):
        keep_address(out.addresses, bytes_of(reader.get_view()));
        break;
      case tag_and_type(kMapping, pbf_wire_type::varint):
        out.mapping = known(reader.get_uint32(), Message::Mapping::one_for_each);
        break;
      case tag_and_type(kPart, pbf_wire_type::varint):
        out.part = known(reader.get_uint32(), Message::Part::guess_ports);
        break;
      default:
        reader.skip();
    }
  }
  if (type != static_cast<std::uint32_t>(Message::Type::connect) &&
      type != static_cast<std::uint32_t>(Message::Type::sync)) {
    throw Error(ErrorCode::malformed, "hole punching message of an unknown type");
  }
  out.type = static_cast<Message::Type>(*type);
  return out;
}

}  // namespace

Bytes Message::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint32(kType, static_cast<std::uint32_t>(type));
  for (const Multiaddr& address : addresses) {
    const std::string_view text = as_text(address.encoded());
    writer.add_bytes(kAddresses, text.data(), text.size());
  }
  if (mapping) writer.add_uint32(kMapping, static_cast<std::uint32_t>(*mapping));
  if (part) writer.add_uint32(kPart, static_cast<std::uint32_t>(*part));
  return to_bytes(out);
}

Message Message::decode(ByteView bytes) {
  if (bytes.size() > kMaxBytes) {
    throw Error(ErrorCode::limit, "hole punching message of more than 4 KiB");
  }
  return read_protobuf("hole punching message", [&] { return read_message(bytes); });
}

}  // namespace shoal::dcutr
