#include "content/bitswap/message.h"

#include <array>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/error.h"
#include "base/varint.h"
#include "content/block.h"
#include "format/protobuf_guard.h"

namespace shoal::content::bitswap {

namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

enum MessageField : protozero::pbf_tag_type {
  wantlist = 1,
  bare_blocks = 2,
  payload = 3,
  block_presences = 4,
  pending_bytes = 5
};
enum WantlistField : protozero::pbf_tag_type { entries = 1, full = 2 };
enum EntryField : protozero::pbf_tag_type {
  entry_cid = 1,
  priority = 2,
  cancel = 3,
  want_type = 4,
  send_dont_have = 5
};
enum BlockField : protozero::pbf_tag_type { prefix = 1, data = 2 };
enum PresenceField : protozero::pbf_tag_type { presence_cid = 1, presence_type = 2 };

constexpr std::size_t kMaxPrefixBytes = 4 * kMaxVarintBytes;
constexpr std::uint32_t kDelimited = 2;

std::optional<Cid> readable_cid(ByteView bytes) {
  try {
    return Cid::decode(bytes);
  } catch (const Error&) {
    return std::nullopt;
  }
}

struct EntryFields {
  ByteView cid;
  std::int32_t rank = 1;
  bool revoke = false;
  std::int32_t type = 0;
  bool tell_absence = false;
};

EntryFields read_entry_fields(protozero::pbf_reader reader) {
  EntryFields out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(entry_cid, pbf_wire_type::length_delimited):
        out.cid = bytes_of(reader.get_view());
        break;
      case tag_and_type(priority, pbf_wire_type::varint):
        out.rank = reader.get_int32();
        break;
      case tag_and_type(cancel, pbf_wire_type::varint):
        out.revoke = reader.get_uint64() != 0;
        break;
      case tag_and_type(want_type, pbf_wire_type::varint):
        out.type = reader.get_int32();
        break;
      case tag_and_type(send_dont_have, pbf_wire_type::varint):
        out.tell_absence = reader.get_uint64() != 0;
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void read_entry(Message& out, protozero::pbf_reader reader) {
  const EntryFields fields = read_entry_fields(reader);
  if (out.wants.size() == kMaxEntries || fields.type < 0 || fields.type > 1) return;
  std::optional<Cid> cid = readable_cid(fields.cid);
  if (!cid) return;
  const WantType type = fields.type == 1 ? WantType::have : WantType::block;
  out.wants.push_back({std::move(*cid), fields.rank, fields.revoke, type, fields.tell_absence});
}

void read_wantlist(Message& out, protozero::pbf_reader reader) {
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(entries, pbf_wire_type::length_delimited):
        read_entry(out, reader.get_message());
        break;
      case tag_and_type(full, pbf_wire_type::varint):
        out.full = reader.get_uint64() != 0;
        break;
      default:
        reader.skip();
    }
  }
}

void read_presence(Message& out, protozero::pbf_reader reader) {
  ByteView cid_bytes;
  std::int32_t type = 0;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(presence_cid, pbf_wire_type::length_delimited):
        cid_bytes = bytes_of(reader.get_view());
        break;
      case tag_and_type(presence_type, pbf_wire_type::varint):
        type = reader.get_int32();
        break;
      default:
        reader.skip();
    }
  }
  if (out.presences.size() == kMaxEntries || type < 0 || type > 1) return;
  std::optional<Cid> cid = readable_cid(cid_bytes);
  if (cid) out.presences.push_back({std::move(*cid), type == 0});
}

void add_block(Message& out, const SharedBytes& whole, const CidPrefix& kind, ByteView content) {
  if (content.size() > kMaxBlockBytes) throw Error(ErrorCode::limit, "block of more than 2 MiB");
  if (out.blocks.size() == kMaxBlocks)
    throw Error(ErrorCode::limit, "too many blocks in a message");
  SharedBytes part;
  if (!content.empty()) {
    const auto offset = static_cast<std::size_t>(content.data() - whole.view().data());
    part = whole.part(offset, content.size());
  }
  out.blocks.push_back({kind, std::move(part)});
}

void read_block(Message& out, const SharedBytes& whole, protozero::pbf_reader reader) {
  ByteView kind;
  ByteView content;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(prefix, pbf_wire_type::length_delimited):
        kind = bytes_of(reader.get_view());
        break;
      case tag_and_type(data, pbf_wire_type::length_delimited):
        content = bytes_of(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  add_block(out, whole, CidPrefix::decode(kind), content);
}

Message read_all(const SharedBytes& bytes) {
  Message out;
  protozero::pbf_reader reader(as_view(bytes.view()));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(wantlist, pbf_wire_type::length_delimited):
        read_wantlist(out, reader.get_message());
        break;
      case tag_and_type(bare_blocks, pbf_wire_type::length_delimited):
        add_block(out, bytes, CidPrefix(), bytes_of(reader.get_view()));
        break;
      case tag_and_type(payload, pbf_wire_type::length_delimited):
        read_block(out, bytes, reader.get_message());
        break;
      case tag_and_type(block_presences, pbf_wire_type::length_delimited):
        read_presence(out, reader.get_message());
        break;
      case tag_and_type(pending_bytes, pbf_wire_type::varint):
        out.pending_bytes = reader.get_int32();
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void write_bytes(protozero::pbf_writer& writer, protozero::pbf_tag_type tag, ByteView bytes) {
  writer.add_bytes(tag, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void write_wantlist(std::string& out, const Message& message, Version version) {
  protozero::pbf_writer writer(out);
  protozero::pbf_writer list(writer, wantlist);
  for (const WantEntry& want : message.wants) {
    protozero::pbf_writer entry(list, entries);
    write_bytes(entry, entry_cid, want.cid.encode());
    entry.add_int32(priority, want.priority);
    if (want.cancel) entry.add_bool(cancel, true);
    if (version != Version::v1_2) continue;
    if (want.type == WantType::have) entry.add_int32(want_type, 1);
    if (want.send_dont_have) entry.add_bool(send_dont_have, true);
  }
  if (message.full) list.add_bool(full, true);
}

void write_presences(std::string& out, const Message& message) {
  protozero::pbf_writer writer(out);
  for (const Presence& presence : message.presences) {
    protozero::pbf_writer entry(writer, block_presences);
    write_bytes(entry, presence_cid, presence.cid.encode());
    if (!presence.have) entry.add_int32(presence_type, 1);
  }
  if (message.pending_bytes != 0) writer.add_int32(pending_bytes, message.pending_bytes);
}

std::string head_of(const Message& message, Version version) {
  std::string out;
  if (!message.wants.empty() || message.full) write_wantlist(out, message, version);
  if (version == Version::v1_2) write_presences(out, message);
  return out;
}

void append_tag(Bytes& out, protozero::pbf_tag_type tag) {
  append_varint(out, tag << 3 | kDelimited);
}

/// All that precedes the data of a block.
void append_block_head(Bytes& out, const MessageBlock& block, Version version) {
  const std::size_t bytes = block.data.size();
  if (version == Version::v1_0) {
    append_tag(out, bare_blocks);
    append_varint(out, bytes);
    return;
  }
  Bytes inner;
  const Bytes kind = block.prefix.encode();
  append_tag(inner, prefix);
  append_varint(inner, kind.size());
  append(inner, kind);
  append_tag(inner, data);
  append_varint(inner, bytes);
  append_tag(out, payload);
  append_varint(out, inner.size() + bytes);
  append(out, inner);
}

}  // namespace

std::vector<std::string> protocols() {
  return {kProtocol_1_2, kProtocol_1_1, kProtocol_1_0};
}

Version version_of(std::string_view protocol) {
  if (protocol == kProtocol_1_0) return Version::v1_0;
  return protocol == kProtocol_1_1 ? Version::v1_1 : Version::v1_2;
}

CidPrefix CidPrefix::of(const Cid& cid) {
  return {static_cast<std::uint64_t>(cid.version()), cid.codec(), cid.hash().code(),
          cid.hash().digest().size()};
}

CidPrefix CidPrefix::decode(ByteView bytes) {
  if (bytes.size() > kMaxPrefixBytes) throw Error(ErrorCode::malformed, "CID prefix too long");
  CidPrefix out;
  for (std::uint64_t* part : {&out.version, &out.codec, &out.hash_code, &out.digest_bytes}) {
    *part = take_whole_varint(bytes);
  }
  if (!bytes.empty()) throw Error(ErrorCode::malformed, "bytes left over after a CID prefix");
  return out;
}

Bytes CidPrefix::encode() const {
  Bytes out;
  for (const std::uint64_t part : {version, codec, hash_code, digest_bytes}) {
    append_varint(out, part);
  }
  return out;
}

std::optional<Multihash> hash_of(const MessageBlock& block) {
  return Multihash::compute(block.prefix.hash_code, block.prefix.digest_bytes, block.data.view());
}

std::size_t Message::block_bytes() const {
  std::size_t out = 0;
  for (const MessageBlock& block : blocks) out += block.data.size();
  return out;
}

Message decode_message(const SharedBytes& bytes) {
  if (bytes.size() > kMaxMessageBytes) {
    throw Error(ErrorCode::limit, "bitswap message of more than 4 MiB");
  }
  return read_protobuf("bitswap message", [&] { return read_all(bytes); });
}

std::size_t EncodedMessage::size() const {
  std::size_t out = 0;
  for (const ByteView piece : pieces_) out += piece.size();
  return out;
}

EncodedMessage encode_message(const Message& message, Version version) {
  const std::string head = head_of(message, version);
  Bytes block_heads;
  std::vector<std::size_t> ends;  // of each block's head
  for (const MessageBlock& block : message.blocks) {
    append_block_head(block_heads, block, version);
    ends.push_back(block_heads.size());
  }
  EncodedMessage out;
  append_varint(out.heads_, head.size() + block_heads.size() + message.block_bytes());
  append(out.heads_, as_bytes(head));
  const std::size_t shift = out.heads_.size();
  append(out.heads_, block_heads);

  const ByteView heads = out.heads_;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    out.pieces_.push_back(heads.subspan(begin, shift + ends[i] - begin));
    begin = shift + ends[i];
    out.blocks_.push_back(message.blocks[i].data);
    if (!out.blocks_.back().empty()) out.pieces_.push_back(out.blocks_.back().view());
  }
  if (ends.empty()) out.pieces_.push_back(heads);
  return out;
}

}  // namespace shoal::content::bitswap
