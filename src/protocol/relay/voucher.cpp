#include "protocol/relay/voucher.h"

#include <array>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/envelope.h"
#include "format/protobuf_guard.h"

namespace shoal::relay {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr std::string_view kDomain = "libp2p-relay-rsvp";
constexpr std::array<std::uint8_t, 2> kPayloadType = {0x03, 0x02};

enum VoucherField : protozero::pbf_tag_type { relay_field = 1, peer_field = 2, expires_field = 3 };

void put_id(protozero::pbf_writer& writer, VoucherField field, const PeerId& id) {
  const std::string_view text = as_text(id.encoded());
  writer.add_bytes(field, text.data(), text.size());
}

Voucher read_voucher(ByteView bytes) {
  ByteView relay;
  ByteView peer;
  std::uint64_t expires = 0;
  protozero::pbf_reader reader(as_view(bytes));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(relay_field, pbf_wire_type::length_delimited):
        relay = bytes_of(reader.get_view());
        break;
      case tag_and_type(peer_field, pbf_wire_type::length_delimited):
        peer = bytes_of(reader.get_view());
        break;
      case tag_and_type(expires_field, pbf_wire_type::varint):
        expires = reader.get_uint64();
        break;
      default:
        reader.skip();
    }
  }
  return {PeerId::decode(relay), PeerId::decode(peer), expires};
}

}  // namespace

Bytes seal_voucher(const crypto::PrivateKey& key, const PeerId& peer, std::uint64_t expires) {
  std::string payload;
  protozero::pbf_writer writer(payload);
  put_id(writer, relay_field, PeerId::from_public_key(key.public_key()));
  put_id(writer, peer_field, peer);
  writer.add_uint64(expires_field, expires);
  return seal_envelope(key, kDomain, kPayloadType, as_bytes(payload));
}

Voucher open_voucher(ByteView bytes) {
  if (bytes.size() > Voucher::kMaxBytes) {
    throw Error(ErrorCode::limit, "voucher of more than 2 KiB");
  }
  const Envelope envelope = open_envelope(bytes, kDomain, kPayloadType);
  Voucher voucher = read_protobuf("voucher", [&] { return read_voucher(envelope.payload); });
  if (!voucher.relay.matches(envelope.signer)) {
    throw Error(ErrorCode::malformed, "voucher that another peer signed",
                voucher.relay.to_string());
  }
  return voucher;
}

}  // namespace shoal::relay
