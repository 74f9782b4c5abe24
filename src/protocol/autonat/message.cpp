#include "protocol/autonat/message.h"

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::autonat {

namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::pbf_writer;
using protozero::tag_and_type;

constexpr auto kBytes = pbf_wire_type::length_delimited;
constexpr auto kNumber = pbf_wire_type::varint;
constexpr auto kFixed = pbf_wire_type::fixed64;

/// Which part of the oneof it is: its place in Message, counted from 1.
constexpr protozero::pbf_tag_type kRequest = 1, kResponse = 2, kDataRequest = 3, kDataResponse = 4;

DialRequest read_request(pbf_reader reader) {
  DialRequest out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        if (out.addresses.size() == DialRequest::kMaxAddresses)
          throw Error(ErrorCode::limit, "AutoNAT: more than 64 addresses");
        out.addresses.push_back(to_bytes(bytes_of(reader.get_view())));
        break;
      case tag_and_type(2, kFixed):
        out.nonce = reader.get_fixed64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

DialResponse read_response(pbf_reader reader) {
  DialResponse out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kNumber):
        out.status = static_cast<ResponseStatus>(reader.get_uint32());
        break;
      case tag_and_type(2, kNumber):
        out.address_index = reader.get_uint32();
        break;
      case tag_and_type(3, kNumber):
        out.dial_status = static_cast<DialStatus>(reader.get_uint32());
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

DialDataRequest read_data_request(pbf_reader reader) {
  DialDataRequest out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kNumber):
        out.address_index = reader.get_uint32();
        break;
      case tag_and_type(2, kNumber):
        out.bytes = reader.get_uint64();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

DialDataResponse read_data_response(pbf_reader reader) {
  DialDataResponse out;
  while (reader.next()) {
    if (reader.tag_and_type() != tag_and_type(1, kBytes)) {
      reader.skip();
      continue;
    }
    const ByteView data = bytes_of(reader.get_view());
    if (data.size() > DialDataResponse::kMaxBytes)
      throw Error(ErrorCode::limit, "AutoNAT: more than 4096 bytes of data in a message");
    out.data = to_bytes(data);
  }
  return out;
}

std::optional<Message> read_message(pbf_reader reader) {
  std::optional<Message> out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(kRequest, kBytes):
        out = read_request(reader.get_message());
        break;
      case tag_and_type(kResponse, kBytes):
        out = read_response(reader.get_message());
        break;
      case tag_and_type(kDataRequest, kBytes):
        out = read_data_request(reader.get_message());
        break;
      case tag_and_type(kDataResponse, kBytes):
        out = read_data_response(reader.get_message());
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void write(pbf_writer& out, const DialRequest& message) {
  pbf_writer inner(out, kRequest);
  for (const Bytes& address : message.addresses) inner.add_bytes(1, as_view(address));
  inner.add_fixed64(2, message.nonce);
}

void write(pbf_writer& out, const DialResponse& message) {
  pbf_writer inner(out, kResponse);
  inner.add_uint32(1, static_cast<std::uint32_t>(message.status));
  inner.add_uint32(2, message.address_index);
  inner.add_uint32(3, static_cast<std::uint32_t>(message.dial_status));
}

void write(pbf_writer& out, const DialDataRequest& message) {
  pbf_writer inner(out, kDataRequest);
  inner.add_uint32(1, message.address_index);
  inner.add_uint64(2, message.bytes);
}

void write(pbf_writer& out, const DialDataResponse& message) {
  pbf_writer inner(out, kDataResponse);
  inner.add_bytes(1, as_view(message.data));
}

}  // namespace

Bytes encode(const Message& message) {
  std::string out;
  pbf_writer writer(out);
  std::visit([&writer](const auto& part) { write(writer, part); }, message);
  return to_bytes(out);
}

Message decode(ByteView bytes) {
  const auto parse = [bytes] { return read_message(pbf_reader(as_view(bytes))); };
  std::optional<Message> out = read_protobuf("an AutoNAT message", parse);
  if (!out) throw Error(ErrorCode::malformed, "AutoNAT: an empty message");
  return std::move(*out);
}

Bytes encode_dial_back(std::uint64_t nonce) {
  std::string out;
  pbf_writer(out).add_fixed64(1, nonce);
  return to_bytes(out);
}

std::uint64_t decode_dial_back(ByteView bytes) {
  return read_protobuf("an AutoNAT dial-back", [bytes] {
    std::uint64_t nonce = 0;
    pbf_reader reader(as_view(bytes));
    while (reader.next()) {
      if (reader.tag_and_type() == tag_and_type(1, kFixed)) {
        nonce = reader.get_fixed64();
      } else {
        reader.skip();
      }
    }
    return nonce;
  });
}

Bytes encode_dial_back_response() {
  return {};  // its only field has its default
}

}  // namespace shoal::autonat
