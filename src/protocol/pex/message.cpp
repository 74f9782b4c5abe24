#include "protocol/pex/message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::pex {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

enum HelloField : protozero::pbf_tag_type { hello_root = 1, hello_record = 2 };
enum NamesField : protozero::pbf_tag_type { names_whole = 1, names_peer = 2 };
enum NamedField : protozero::pbf_tag_type { named_id = 1, named_record = 2 };

void add_field(protozero::pbf_writer& writer, protozero::pbf_tag_type field, ByteView bytes) {
  const auto view = as_view(bytes);
  writer.add_bytes(field, view.data(), view.size());
}

Hello read_hello(ByteView bytes) {
  protozero::pbf_reader reader(as_view(bytes));
  std::optional<Cid> root;
  Bytes record;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(hello_root, pbf_wire_type::length_delimited):
        root = Cid::decode(bytes_of(reader.get_view()));
        break;
      case tag_and_type(hello_record, pbf_wire_type::length_delimited):
        record = to_bytes(bytes_of(reader.get_view()));
        break;
      default:
        reader.skip();
    }
  }
  if (!root) throw Error(ErrorCode::malformed, "a peer asks for peers of no root");
  if (record.size() > kMaxRecordBytes) {
    throw Error(ErrorCode::limit, "a peer record is too long to be passed on");
  }
  return {std::move(*root), std::move(record)};
}

std::optional<Named> read_named(protozero::pbf_reader reader) {
  ByteView id;
  ByteView record;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(named_id, pbf_wire_type::length_delimited):
        id = bytes_of(reader.get_view());
        break;
      case tag_and_type(named_record, pbf_wire_type::length_delimited):
        record = bytes_of(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  if (record.empty() || record.size() > kMaxRecordBytes) return std::nullopt;
  try {
    return Named{PeerId::decode(id), to_bytes(record)};
  } catch (const Error&) {
    return std::nullopt;
  }
}

Names read_names(ByteView bytes) {
  protozero::pbf_reader reader(as_view(bytes));
  Names out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(names_whole, pbf_wire_type::varint):
        out.whole = reader.get_bool();
        break;
      case tag_and_type(names_peer, pbf_wire_type::length_delimited): {
        std::optional<Named> named = read_named(reader.get_message());
        if (named && out.peers.size() < kMaxNames) out.peers.push_back(std::move(*named));
        break;
      }
      default:
        reader.skip();
    }
  }
  return out;
}

}  // namespace

Bytes Hello::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  add_field(writer, hello_root, root.encode());
  if (!record.empty()) add_field(writer, hello_record, record);
  return to_bytes(out);
}

Hello Hello::decode(ByteView bytes) {
  return read_protobuf("peer exchange message", [&] { return read_hello(bytes); });
}

Bytes Names::encode() const {
  std::string out;
  protozero::pbf_writer writer(out);
  if (whole) writer.add_bool(names_whole, true);
  for (const Named& named : peers) {
    protozero::pbf_writer inner(writer, names_peer);
    add_field(inner, named_id, named.id.encoded());
    add_field(inner, named_record, named.record);
  }
  return to_bytes(out);
}

Names Names::decode(ByteView bytes) {
  return read_protobuf("peer exchange message", [&] { return read_names(bytes); });
}

}  // namespace shoal::pex
