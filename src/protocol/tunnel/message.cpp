#include "protocol/tunnel/message.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/error.h"
#include "base/varint.h"
#include "format/protobuf_guard.h"

namespace shoal::tunnel {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr protozero::pbf_tag_type kName = 1;
constexpr protozero::pbf_tag_type kProof = 2;
constexpr protozero::pbf_tag_type kProbe = 3;
constexpr protozero::pbf_tag_type kDatagrams = 4;
constexpr protozero::pbf_tag_type kStatus = 1;
constexpr protozero::pbf_tag_type kReason = 2;

constexpr std::string_view kProofDomain = "shoal tunnel 1";

void check_size(ByteView bytes) {
  if (bytes.size() > kMaxMessageBytes) throw Error(ErrorCode::limit, "tunnel: message too long");
}

crypto::Sha256Digest read_proof(ByteView bytes) {
  crypto::Sha256Digest out{};
  if (bytes.size() != out.size()) throw Error(ErrorCode::malformed, "tunnel: proof of wrong size");
  std::ranges::copy(bytes, out.begin());
  return out;
}

Open read_open(protozero::pbf_reader reader) {
  Open out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kName, pbf_wire_type::length_delimited):
        out.name = as_text(bytes_of(reader.get_view()));
        break;
      case tag_and_type(kProof, pbf_wire_type::length_delimited):
        out.proof = read_proof(bytes_of(reader.get_view()));
        break;
      case tag_and_type(kProbe, pbf_wire_type::varint):
        out.probe = reader.get_bool();
        break;
      case tag_and_type(kDatagrams, pbf_wire_type::varint):
        out.datagrams = reader.get_bool();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

Answer read_answer(protozero::pbf_reader reader) {
  std::uint64_t status = 0;
  Answer out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kStatus, pbf_wire_type::varint):
        status = reader.get_uint64();
        break;
      case tag_and_type(kReason, pbf_wire_type::length_delimited):
        out.reason = as_text(bytes_of(reader.get_view())).substr(0, kMaxReasonBytes);
        break;
      default:
        reader.skip();
    }
  }
  if (status == 0) throw Error(ErrorCode::malformed, "tunnel: an answer without a status");
  if (status > static_cast<std::uint64_t>(Status::busy)) {
    throw Error(ErrorCode::unsupported, "tunnel: an answer that this version does not know");
  }
  out.status = static_cast<Status>(status);
  return out;
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes) return false;
  if (text.starts_with('-') || text.ends_with('-')) return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

Bytes Open::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(kName, name);
  if (proof) writer.add_bytes(kProof, std::string(as_text(*proof)));
  if (probe) writer.add_bool(kProbe, true);
  if (datagrams) writer.add_bool(kDatagrams, true);
  return to_bytes(out);
}

Open Open::decode(ByteView bytes) {
  check_size(bytes);
  Open out = read_protobuf("a tunnel's first message",
                           [&] { return read_open(protozero::pbf_reader(as_view(bytes))); });
  if (!is_name(out.name)) throw Error(ErrorCode::malformed, "tunnel: this is no name of a tunnel");
  return out;
}

Bytes Answer::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(kStatus, static_cast<std::uint64_t>(status));
  if (!reason.empty()) writer.add_string(kReason, reason.substr(0, kMaxReasonBytes));
  return to_bytes(out);
}

Answer Answer::decode(ByteView bytes) {
  check_size(bytes);
  return read_protobuf("a tunnel's answer",
                       [&] { return read_answer(protozero::pbf_reader(as_view(bytes))); });
}

crypto::Sha256Digest prove(ByteView secret, const PeerId& exposer, const PeerId& connector,
                           std::string_view name) {
  Bytes message = to_bytes(kProofDomain);
  for (const ByteView part : {exposer.encoded(), connector.encoded(), as_bytes(name)}) {
    append_varint(message, part.size());
    append(message, part);
  }
  return crypto::hmac_sha256(secret, message);
}

}  // namespace shoal::tunnel
