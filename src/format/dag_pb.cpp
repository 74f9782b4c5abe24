#include "format/dag_pb.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>

#include "base/error.h"
#include "base/varint.h"
#include "format/protobuf_guard.h"

namespace shoal {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr auto kNodeData = tag_and_type(1, pbf_wire_type::length_delimited);
constexpr auto kNodeLink = tag_and_type(2, pbf_wire_type::length_delimited);
constexpr auto kLinkHash = tag_and_type(1, pbf_wire_type::length_delimited);
constexpr auto kLinkName = tag_and_type(2, pbf_wire_type::length_delimited);
constexpr auto kLinkTsize = tag_and_type(3, pbf_wire_type::varint);

constexpr std::uint8_t kDataTag = 0x0a;
constexpr std::uint8_t kLinkTag = 0x12;
constexpr std::uint8_t kHashTag = 0x0a;
constexpr std::uint8_t kNameTag = 0x12;
constexpr std::uint8_t kTsizeTag = 0x18;

[[noreturn]] void malformed(const char* why) {
  throw Error(ErrorCode::malformed, why);
}

DagPbLinkView decode_link(protozero::data_view message) {
  protozero::pbf_reader reader(message);
  std::optional<Cid> cid;
  std::string_view name;
  std::uint64_t tsize = 0;
  std::uint32_t previous_tag = 0;
  while (reader.next()) {
    if (reader.tag() <= previous_tag) malformed("dag-pb link with fields repeated or out of order");
    previous_tag = reader.tag();
    switch (reader.tag_and_type()) {
      case kLinkHash:
        cid = Cid::decode(bytes_of(reader.get_view()));
        break;
      case kLinkName:
        name = as_text(bytes_of(reader.get_view()));
        break;
      case kLinkTsize:
        tsize = reader.get_uint64();
        break;
      default:
        malformed("dag-pb link with a foreign field");
    }
  }
  if (!cid) malformed("dag-pb link without a hash");
  if (tsize > kMaxVarint) malformed("dag-pb link with a size of more than 63 bits");
  return {*std::move(cid), name, tsize};
}

DagPbView decode_node(ByteView block) {
  protozero::pbf_reader reader(as_view(block));
  DagPbView node;
  bool links_ended = false;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case kNodeData:
        if (node.data) malformed("dag-pb node with data twice");
        node.data = bytes_of(reader.get_view());
        links_ended = !node.links.empty();
        break;
      case kNodeLink:
        if (links_ended) malformed("dag-pb node with links before and after its data");
        node.links.push_back(decode_link(reader.get_view()));
        break;
      default:
        malformed("dag-pb node with a foreign field");
    }
  }
  return node;
}

std::size_t link_message_bytes(const DagPbLink& link, std::size_t cid_bytes) {
  return 1 + varint_size(cid_bytes) + cid_bytes + 1 + varint_size(link.name.size()) +
         link.name.size() + 1 + varint_size(link.tsize);
}

void append_field(Bytes& out, std::uint8_t tag, ByteView content) {
  out.push_back(tag);
  append_varint(out, content.size());
  append(out, content);
}

void append_link(Bytes& out, const DagPbLink& link) {
  const Bytes cid = link.cid.encode();
  out.push_back(kLinkTag);
  append_varint(out, link_message_bytes(link, cid.size()));
  append_field(out, kHashTag, cid);
  append_field(out, kNameTag, as_bytes(std::string_view(link.name)));
  out.push_back(kTsizeTag);
  append_varint(out, link.tsize);
}

std::vector<const DagPbLink*> sorted_by_name(std::span<const DagPbLink> links) {
  std::vector<const DagPbLink*> sorted;
  sorted.reserve(links.size());
  for (const DagPbLink& link : links) sorted.push_back(&link);
  // As unsigned bytes, which is the order the codec asks for; then as given.
  std::ranges::sort(sorted, [](const DagPbLink* a, const DagPbLink* b) {
    const int order = a->name.compare(b->name);
    return order != 0 ? order < 0 : a < b;
  });
  return sorted;
}

}  // namespace

DagPbView decode_dag_pb(ByteView block) {
  if (block.size() > kMaxBlockBytes) {
    throw Error(ErrorCode::limit, "dag-pb block of more than 2 MiB");
  }
  return read_protobuf("dag-pb node", [&] { return decode_node(block); });
}

Bytes encode_dag_pb(std::span<const DagPbLink> links, std::optional<ByteView> data) {
  Bytes out;
  for (const DagPbLink* link : sorted_by_name(links)) append_link(out, *link);
  if (data) append_field(out, kDataTag, *data);
  if (out.size() > kMaxBlockBytes) {
    throw Error(ErrorCode::limit, "dag-pb node that would take more than 2 MiB");
  }
  return out;
}

std::size_t encoded_link_bytes(const DagPbLink& link) {
  const std::size_t message = link_message_bytes(link, link.cid.encode().size());
  return 1 + varint_size(message) + message;
}

std::uint64_t cumulative_size(std::uint64_t own_bytes, std::span<const DagPbLink> links) {
  std::uint64_t sum = own_bytes;
  for (const DagPbLink& link : links) {
    if (sum > kMaxVarint || link.tsize > kMaxVarint - sum) malformed("sizes that overflow");
    sum += link.tsize;
  }
  return sum;
}

}  // namespace shoal
