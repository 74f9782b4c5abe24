#include "protocol/gossipsub/tree_rpc.h"

#include <algorithm>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "format/protobuf_guard.h"
#include "protocol/gossipsub/rpc.h"

namespace shoal::gossipsub {

namespace {

using protozero::pbf_reader;
using protozero::pbf_tag_type;
using protozero::pbf_wire_type;
using protozero::pbf_writer;

enum TreeField : pbf_tag_type {
  tree_choke_field = 1,
  tree_unchoke_field = 2,
  tree_announce_field = 3,
  tree_manifest_field = 4,
  tree_have_field = 5,
  tree_want_field = 6,
  tree_piece_field = 7,
  tree_renewed_field = 8,
};
enum AnnounceField : pbf_tag_type { announce_topic_field = 1, announce_id_field = 2 };
enum PieceField : pbf_tag_type {
  piece_manifest_field = 1,
  piece_index_field = 2,
  piece_data_field = 3,
};

/// Of a field within a field, with some to spare.
constexpr std::size_t kOverheadBytes = 16;

constexpr std::uint32_t as_bytes_field(pbf_tag_type field) {
  return protozero::tag_and_type(field, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t as_fixed_field(pbf_tag_type field) {
  return protozero::tag_and_type(field, pbf_wire_type::fixed64);
}
constexpr std::uint32_t as_number_field(pbf_tag_type field) {
  return protozero::tag_and_type(field, pbf_wire_type::varint);
}

void read_key(pbf_reader& reader, std::vector<TreeKey>& into) {
  const std::uint64_t key = reader.get_fixed64();
  if (into.size() < kMaxTreeKeysPerRpc) into.push_back(key);
}

std::size_t count_ids(const std::vector<Announcement>& announced) {
  std::size_t out = 0;
  for (const Announcement& each : announced) out += each.ids.size();
  return out;
}

void read_announcement(pbf_reader reader, std::vector<Announcement>& into) {
  Announcement out;
  std::size_t room = kMaxIdsPerRpc - std::min(kMaxIdsPerRpc, count_ids(into));
  bool fits = into.size() < kMaxEntriesPerRpc;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case as_bytes_field(announce_topic_field): {
        const auto view = reader.get_view();
        fits = fits && view.size() <= kMaxTopicBytes;
        if (fits) out.topic.assign(view.data(), view.size());
        break;
      }
      case as_bytes_field(announce_id_field): {
        const auto view = reader.get_view();
        if (!fits || view.size() > kMaxMessageIdBytes || room == 0) break;
        --room;
        out.ids.emplace_back(view.data(), view.size());
        break;
      }
      default:
        reader.skip();
    }
  }
  if (fits && !out.ids.empty()) into.push_back(std::move(out));
}

void read_manifest(pbf_reader& reader, std::vector<Bytes>& into) {
  const ByteView bytes = bytes_of(reader.get_view());
  if (into.size() == kMaxManifestsPerRpc || bytes.size() > kMaxManifestBytes) return;
  into.push_back(to_bytes(bytes));
}

void read_list(pbf_reader reader, std::vector<PieceList>& into) {
  PieceList out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case as_fixed_field(piece_manifest_field):
        out.manifest = reader.get_fixed64();
        break;
      case as_bytes_field(piece_index_field):
        for (const std::uint32_t index : reader.get_packed_uint32()) {
          if (out.indexes.size() < kMaxPieceIndexes) out.indexes.push_back(index);
        }
        break;
      default:
        reader.skip();
    }
  }
  if (!out.indexes.empty() && into.size() < kMaxPiecesPerRpc) into.push_back(std::move(out));
}

void read_piece(pbf_reader reader, std::vector<Piece>& into) {
  Piece out;
  ByteView data;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case as_fixed_field(piece_manifest_field):
        out.manifest = reader.get_fixed64();
        break;
      case as_number_field(piece_index_field):
        out.index = reader.get_uint32();
        break;
      case as_bytes_field(piece_data_field):
        data = bytes_of(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  if (into.size() == kMaxPiecesPerRpc) return;
  out.data = to_bytes(data);
  into.push_back(std::move(out));
}

std::string encode_list(TreeField field, const PieceList& list) {
  std::string out;
  pbf_writer writer(out);
  pbf_writer inner(writer, field);
  inner.add_fixed64(piece_manifest_field, list.manifest);
  inner.add_packed_uint32(piece_index_field, list.indexes.begin(), list.indexes.end());
  return out;
}

void add_announcement(const Announcement& announced, std::size_t max_bytes,
                      std::vector<std::string>& into) {
  std::size_t next = 0;
  while (next < announced.ids.size()) {
    std::string content;
    pbf_writer writer(content);
    writer.add_string(announce_topic_field, announced.topic);
    const std::size_t first = next;
    for (; next < announced.ids.size(); ++next) {
      const std::string& id = announced.ids[next];
      if (next > first && content.size() + id.size() + kOverheadBytes > max_bytes / 2) break;
      writer.add_bytes(announce_id_field, id);
    }
    std::string out;
    pbf_writer(out).add_bytes(tree_announce_field, content);
    into.push_back(std::move(out));
  }
}

std::string encode_key(TreeField field, TreeKey key) {
  std::string out;
  pbf_writer(out).add_fixed64(field, key);
  return out;
}

std::string encode_piece(const Piece& piece) {
  std::string out;
  pbf_writer writer(out);
  pbf_writer inner(writer, tree_piece_field);
  inner.add_fixed64(piece_manifest_field, piece.manifest);
  inner.add_uint32(piece_index_field, piece.index);
  inner.add_bytes(piece_data_field, as_view(piece.data));
  return out;
}

}  // namespace

void read_tree_messages(ByteView field, TreeMessages& into) {
  pbf_reader reader(as_view(field));
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case as_fixed_field(tree_choke_field):
        read_key(reader, into.choke);
        break;
      case as_fixed_field(tree_unchoke_field):
        read_key(reader, into.unchoke);
        break;
      case as_bytes_field(tree_announce_field):
        read_announcement(reader.get_message(), into.announce);
        break;
      case as_bytes_field(tree_manifest_field):
        read_manifest(reader, into.manifests);
        break;
      case as_bytes_field(tree_have_field):
        read_list(reader.get_message(), into.have);
        break;
      case as_bytes_field(tree_want_field):
        read_list(reader.get_message(), into.want);
        break;
      case as_bytes_field(tree_piece_field):
        read_piece(reader.get_message(), into.pieces);
        break;
      case as_number_field(tree_renewed_field):
        into.renewed |= reader.get_bool();
        break;
      default:
        reader.skip();
    }
  }
}

std::vector<std::string> encode_tree_messages(const TreeMessages& messages, std::size_t max_bytes) {
  std::vector<std::string> out;
  for (const TreeKey key : messages.choke) out.push_back(encode_key(tree_choke_field, key));
  for (const TreeKey key : messages.unchoke) out.push_back(encode_key(tree_unchoke_field, key));
  if (messages.renewed) {
    out.emplace_back();
    pbf_writer(out.back()).add_bool(tree_renewed_field, true);
  }
  for (const Announcement& each : messages.announce) add_announcement(each, max_bytes, out);
  for (const Bytes& manifest : messages.manifests) {
    out.emplace_back();
    pbf_writer(out.back()).add_bytes(tree_manifest_field, as_view(manifest));
  }
  for (const PieceList& list : messages.have) out.push_back(encode_list(tree_have_field, list));
  for (const PieceList& list : messages.want) out.push_back(encode_list(tree_want_field, list));
  for (const Piece& piece : messages.pieces) out.push_back(encode_piece(piece));
  std::erase_if(out, [&](const std::string& entry) { return entry.size() > max_bytes; });
  return out;
}

}  // namespace shoal::gossipsub
