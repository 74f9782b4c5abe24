#include "protocol/relay/message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::relay {

namespace {

using protozero::pbf_tag_type;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// Both messages begin with these two; the others differ by what a stop message has not.
constexpr pbf_tag_type kType = 1;
constexpr pbf_tag_type kPeer = 2;
constexpr pbf_tag_type kHopReservation = 3;
constexpr pbf_tag_type kHopLimit = 4;
constexpr pbf_tag_type kHopStatus = 5;
constexpr pbf_tag_type kStopLimit = 3;
constexpr pbf_tag_type kStopStatus = 4;

constexpr pbf_tag_type kPeerId = 1;

constexpr pbf_tag_type kExpires = 1;
constexpr pbf_tag_type kAddresses = 2;
constexpr pbf_tag_type kVoucher = 3;

constexpr pbf_tag_type kSeconds = 1;
constexpr pbf_tag_type kBytes = 2;

constexpr auto varint(pbf_tag_type field) {
  return tag_and_type(field, pbf_wire_type::varint);
}
constexpr auto block(pbf_tag_type field) {
  return tag_and_type(field, pbf_wire_type::length_delimited);
}

void check_size(ByteView bytes) {
  if (bytes.size() <= kMaxMessageBytes) return;
  throw Error(ErrorCode::limit, "relay message of more than 4 KiB");
}

void put(protozero::pbf_writer& writer, pbf_tag_type field, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  writer.add_bytes(field, text.data(), text.size());
}

void put_peer(protozero::pbf_writer& writer, const std::optional<PeerId>& peer) {
  if (!peer) return;
  protozero::pbf_writer inner(writer, kPeer);
  put(inner, kPeerId, peer->encoded());
}

void put_limit(protozero::pbf_writer& writer, pbf_tag_type field,
               const std::optional<Limit>& limit) {
  if (!limit) return;
  protozero::pbf_writer inner(writer, field);
  inner.add_uint32(kSeconds, limit->seconds);
  inner.add_uint64(kBytes, limit->bytes);
}

PeerId read_peer(protozero::pbf_reader reader) {
  ByteView id;
  while (reader.next()) {
    if (reader.tag_and_type() == block(kPeerId)) {
      id = bytes_of(reader.get_view());
    } else {
      reader.skip();
    }
  }
  return PeerId::decode(id);
}

Limit read_limit(protozero::pbf_reader reader) {
  Limit out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint(kSeconds):
        out.seconds = reader.get_uint32();
        break;
      case varint(kBytes):
        out.bytes = reader.get_uint64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void keep_address(Reservation& into, ByteView bytes) {
  if (into.addresses.size() == Reservation::kMaxAddresses) return;
  try {
    into.addresses.push_back(Multiaddr::decode(bytes));
  } catch (const Error&) {
    // A newer protocol than ours; the other addresses are still good.
  }
}

Reservation read_reservation(protozero::pbf_reader reader) {
  Reservation out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint(kExpires):
        out.expires = reader.get_uint64();
        break;
      case block(kAddresses):
        keep_address(out, bytes_of(reader.get_view()));
        break;
      case block(kVoucher):
        out.voucher = to_bytes(bytes_of(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void put_reservation(protozero::pbf_writer& writer, const Reservation& reservation) {
  protozero::pbf_writer inner(writer, kHopReservation);
  inner.add_uint64(kExpires, reservation.expires);
  for (const Multiaddr& address : reservation.addresses) put(inner, kAddresses, address.encoded());
  if (!reservation.voucher.empty()) put(inner, kVoucher, reservation.voucher);
}

/// proto2 has no default for it.
template <class Type>
Type read_type(std::optional<std::uint64_t> value, Type last) {
  if (!value) throw Error(ErrorCode::malformed, "relay message without a type");
  if (*value > static_cast<std::uint64_t>(last)) {
    throw Error(ErrorCode::malformed, "relay message of an unknown type");
  }
  return static_cast<Type>(*value);
}

Status read_status(protozero::pbf_reader& reader) {
  return static_cast<Status>(reader.get_uint32());
}

HopMessage read_hop(ByteView bytes) {
  HopMessage out;
  std::optional<std::uint64_t> type;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint(kType):
        type = reader.get_uint64();
        break;
      case block(kPeer):
        out.peer = read_peer(reader.get_message());
        break;
      case block(kHopReservation):
        out.reservation = read_reservation(reader.get_message());
        break;
      case block(kHopLimit):
        out.limit = read_limit(reader.get_message());
        break;
      case varint(kHopStatus):
        out.status = read_status(reader);
        break;
      default:
        reader.skip();
    }
  }
  out.type = read_type(type, HopMessage::Type::status);
  return out;
}

StopMessage read_stop(ByteView bytes) {
  StopMessage out;
  std::optional<std::uint64_t> type;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint(kType):
        type = reader.get_uint64();
        break;
      case block(kPeer):
        out.peer = read_peer(reader.get_message());
        break;
      case block(kStopLimit):
        out.limit = read_limit(reader.get_message());
        break;
      case varint(kStopStatus):
        out.status = read_status(reader);
        break;
      default:
        reader.skip();
    }
  }
  out.type = read_type(type, StopMessage::Type::status);
  return out;
}

}  // namespace

std::string describe(Status status) {
  switch (status) {
    case Status::unused:
      return "no answer";
    case Status::ok:
      return "ok";
    case Status::reservation_refused:
      return "the relay has no room for a reservation";
    case Status::resource_limit_exceeded:
      return "the relay has too many circuits";
    case Status::permission_denied:
      return "the relay does not allow it";
    case Status::connection_failed:
      return "the relay cannot reach the peer";
    case Status::no_reservation:
      return "the peer is not connected to the relay";
    case Status::malformed_message:
      return "the relay cannot read our message";
    case Status::unexpected_message:
      return "the relay did not expect our message";
  }
  return "the relay answers with status " + std::to_string(static_cast<std::uint32_t>(status));
}

Bytes HopMessage::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_enum(kType, static_cast<int>(type));
  put_peer(writer, peer);
  if (reservation) put_reservation(writer, *reservation);
  put_limit(writer, kHopLimit, limit);
  if (status != Status::unused) writer.add_uint32(kHopStatus, static_cast<std::uint32_t>(status));
  return to_bytes(out);
}

HopMessage HopMessage::decode(ByteView bytes) {
  check_size(bytes);
  return read_protobuf("relay message", [&] { return read_hop(bytes); });
}

Bytes StopMessage::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_enum(kType, static_cast<int>(type));
  put_peer(writer, peer);
  put_limit(writer, kStopLimit, limit);
  if (status != Status::unused) writer.add_uint32(kStopStatus, static_cast<std::uint32_t>(status));
  return to_bytes(out);
}

StopMessage StopMessage::decode(ByteView bytes) {
  check_size(bytes);
  return read_protobuf("relay message", [&] { return read_stop(bytes); });
}

}  // namespace shoal::relay
