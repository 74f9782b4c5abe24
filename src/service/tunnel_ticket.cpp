#include "service/tunnel_ticket.h"

#include <algorithm>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/base_n.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "format/protobuf_guard.h"
#include "protocol/tunnel/message.h"

namespace shoal::service {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr protozero::pbf_tag_type kPeer = 1;
constexpr protozero::pbf_tag_type kAddress = 2;
constexpr protozero::pbf_tag_type kName = 3;
constexpr protozero::pbf_tag_type kSecret = 4;
constexpr protozero::pbf_tag_type kDatagrams = 5;
constexpr std::size_t kChecksumBytes = 4;

[[noreturn]] void reject_ticket(const char* why) {
  throw Error(ErrorCode::usage, std::string("this is no ticket of a tunnel: ") + why, {},
              "`shoal expose NAME HOST:PORT` prints one; copy all of its line");
}

void put_bytes(protozero::pbf_writer& writer, protozero::pbf_tag_type tag, ByteView bytes) {
  writer.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void read_address(std::vector<Multiaddr>& into, ByteView bytes) {
  if (into.size() == TunnelTicket::kMaxAddresses) return;
  try {
    const Multiaddr address = Multiaddr::decode(bytes);
    if (!address.peer()) into.push_back(address);
  } catch (const Error&) {
    // Of a protocol that is newer than this program; the others may do.
  }
}

TunnelTicket read_fields(protozero::pbf_reader reader) {
  std::optional<PeerId> peer;
  std::vector<Multiaddr> addresses;
  std::string name;
  Bytes secret;
  bool datagrams = false;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kPeer, pbf_wire_type::length_delimited):
        peer = PeerId::decode(bytes_of(reader.get_view()));
        break;
      case tag_and_type(kAddress, pbf_wire_type::length_delimited):
        read_address(addresses, bytes_of(reader.get_view()));
        break;
      case tag_and_type(kName, pbf_wire_type::length_delimited):
        name = as_text(bytes_of(reader.get_view()));
        break;
      case tag_and_type(kSecret, pbf_wire_type::length_delimited):
        secret = to_bytes(bytes_of(reader.get_view()));
        break;
      case tag_and_type(kDatagrams, pbf_wire_type::varint):
        datagrams = reader.get_bool();
        break;
      default:
        reader.skip();
    }
  }
  if (!peer) reject_ticket("it names no peer");
  if (!tunnel::is_name(name)) reject_ticket("it names no tunnel");
  if (secret.size() > TunnelTicket::kMaxSecretBytes) reject_ticket("its secret is too long");
  return {.peer = *peer,
          .addresses = std::move(addresses),
          .name = std::move(name),
          .secret = std::move(secret),
          .datagrams = datagrams};
}

std::string encode_ticket(const TunnelTicket& ticket, const std::vector<Multiaddr>& addresses) {
  std::string out;
  protozero::pbf_writer writer(out);
  put_bytes(writer, kPeer, ticket.peer.encoded());
  for (const Multiaddr& address : addresses) put_bytes(writer, kAddress, address.encoded());
  writer.add_string(kName, ticket.name);
  if (!ticket.secret.empty()) put_bytes(writer, kSecret, ticket.secret);
  if (ticket.datagrams) writer.add_bool(kDatagrams, true);
  Bytes bytes = to_bytes(out);
  const crypto::Sha256Digest hash = crypto::sha256(bytes);
  append(bytes, ByteView(hash).first(kChecksumBytes));
  if (bytes.size() > kMaxSlowBaseBytes) return std::string(TunnelTicket::kMaxTextBytes + 1, ' ');
  return std::string(TunnelTicket::kPrefix) + encode_base(Base::base58btc, bytes);
}

std::string_view stripped(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

Bytes checked_content(std::string_view text) {
  Bytes bytes;
  try {
    bytes = decode_base(Base::base58btc, text);
  } catch (const Error&) {
    reject_ticket("it has characters that do not belong there");
  }
  if (bytes.size() < kChecksumBytes) reject_ticket("it is cut");
  const ByteView content = ByteView(bytes).first(bytes.size() - kChecksumBytes);
  const crypto::Sha256Digest hash = crypto::sha256(content);
  const ByteView sum = ByteView(bytes).last(kChecksumBytes);
  if (!equal(sum, ByteView(hash).first(kChecksumBytes))) reject_ticket("it is cut or mistyped");
  bytes.resize(content.size());
  return bytes;
}

}  // namespace

std::string TunnelTicket::to_string() const {
  std::vector<Multiaddr> carried = addresses;
  while (true) {
    const std::string out = encode_ticket(*this, carried);
    if (out.size() <= kMaxTextBytes || carried.empty()) return out;
    carried.pop_back();
  }
}

TunnelTicket TunnelTicket::parse(std::string_view text) {
  text = stripped(text);
  if (!text.starts_with(kPrefix)) reject_ticket("a ticket begins with shoaltunnel1");
  if (text.size() > kMaxTextBytes) reject_ticket("it is too long");
  const Bytes content = checked_content(text.substr(kPrefix.size()));
  try {
    return read_protobuf("the ticket",
                         [&] { return read_fields(protozero::pbf_reader(as_view(content))); });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::usage) throw;
    reject_ticket("what is in it makes no sense");
  }
}

}  // namespace shoal::service
