#include "format/peer_record.h"

#include <array>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "format/envelope.h"
#include "format/protobuf_guard.h"

namespace shoal {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr std::string_view kDomain = "libp2p-peer-record";
constexpr std::array<std::uint8_t, 2> kPayloadType = {0x03, 0x01};

enum Field : protozero::pbf_tag_type { peer_id = 1, seq = 2, addresses = 3 };
constexpr protozero::pbf_tag_type kAddressInfoMultiaddr = 1;

std::string encode_record(const PeerRecord& record) {
  std::string out;
  protozero::pbf_writer writer(out);
  const auto id = as_text(record.id.encoded());
  writer.add_bytes(Field::peer_id, id.data(), id.size());
  if (record.seq != 0) writer.add_uint64(Field::seq, record.seq);
  for (const Multiaddr& address : record.addresses) {
    protozero::pbf_writer info(writer, Field::addresses);
    const auto bytes = as_text(address.encoded());
    info.add_bytes(kAddressInfoMultiaddr, bytes.data(), bytes.size());
  }
  return out;
}

std::optional<Multiaddr> readable_address(ByteView bytes) {
  try {
    return Multiaddr::decode(bytes);
  } catch (const Error&) {
    return std::nullopt;  // a newer protocol than ours; the other addresses are still good
  }
}

ByteView read_address_info(protozero::pbf_reader info) {
  ByteView bytes;
  while (info.next()) {
    if (info.tag_and_type() ==
        tag_and_type(kAddressInfoMultiaddr, pbf_wire_type::length_delimited)) {
      bytes = bytes_of(info.get_view());
    } else {
      info.skip();
    }
  }
  return bytes;
}

void keep_address(std::vector<Multiaddr>& kept, ByteView bytes) {
  if (kept.size() == PeerRecord::kMaxAddresses) return;
  if (std::optional<Multiaddr> address = readable_address(bytes)) {
    kept.push_back(std::move(*address));
  }
}

PeerRecord read_record(ByteView bytes) {
  ByteView id;
  std::uint64_t number = 0;
  std::vector<Multiaddr> kept;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(Field::peer_id, pbf_wire_type::length_delimited):
        id = bytes_of(reader.get_view());
        break;
      case tag_and_type(Field::seq, pbf_wire_type::varint):
        number = reader.get_uint64();
        break;
      case tag_and_type(Field::addresses, pbf_wire_type::length_delimited):
        keep_address(kept, read_address_info(reader.get_message()));
        break;
      default:
        reader.skip();
    }
  }
  return {PeerId::decode(id), number, std::move(kept)};
}

}  // namespace

Bytes seal_peer_record(const crypto::PrivateKey& key, std::uint64_t number,
                       const std::vector<Multiaddr>& where) {
  if (where.size() > PeerRecord::kMaxAddresses) {
    throw Error(ErrorCode::limit, "peer record of more than 64 addresses");
  }
  const PeerRecord record{PeerId::from_public_key(key.public_key()), number, where};
  const std::string payload = encode_record(record);
  Bytes out = seal_envelope(key, kDomain, kPayloadType, as_bytes(payload));
  if (out.size() > PeerRecord::kMaxBytes) {
    throw Error(ErrorCode::limit, "peer record of more than 8 KiB");
  }
  return out;
}

PeerRecord open_peer_record(ByteView bytes) {
  if (bytes.size() > PeerRecord::kMaxBytes) {
    throw Error(ErrorCode::limit, "peer record of more than 8 KiB");
  }
  const Envelope envelope = open_envelope(bytes, kDomain, kPayloadType);
  PeerRecord record = read_protobuf("peer record", [&] { return read_record(envelope.payload); });
  // Without this anybody could say where anybody else is (GHSA-wc36-xgcc-jwpr).
  if (!record.id.matches(envelope.signer)) {
    throw Error(ErrorCode::malformed, "peer record that another peer signed",
                record.id.to_string());
  }
  return record;
}

}  // namespace shoal
