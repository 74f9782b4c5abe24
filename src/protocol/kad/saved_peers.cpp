#include "protocol/kad/saved_peers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"

namespace shoal::kad {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr protozero::pbf_tag_type kSavedPeerField = 1;
enum SavedField : protozero::pbf_tag_type {
  saved_id_field = 1,
  saved_ip_field = 2,
  saved_round_trip_field = 3,  // microseconds
  saved_address_field = 4,
};

constexpr std::uint64_t kMaxRoundTripMicroseconds = 60'000'000;

void add_saved_bytes(protozero::pbf_writer& writer, SavedField field, ByteView bytes) {
  const std::string_view text = as_text(bytes);
  writer.add_bytes(field, text.data(), text.size());
}

void add_saved(protozero::pbf_writer& writer, const SavedPeer& peer) {
  protozero::pbf_writer inner(writer, kSavedPeerField);
  add_saved_bytes(inner, saved_id_field, peer.id.encoded());
  add_saved_bytes(inner, saved_ip_field, peer.ip.bytes());
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(peer.round_trip).count();
  inner.add_uint64(saved_round_trip_field, static_cast<std::uint64_t>(std::max(micro, 0L)));
  const std::size_t count = std::min(peer.addresses.size(), SavedPeer::kMaxAddresses);
  for (std::size_t i = 0; i < count; ++i) {
    add_saved_bytes(inner, saved_address_field, peer.addresses[i].encoded());
  }
}

SavedPeer read_saved(protozero::pbf_reader reader) {
  ByteView id;
  ByteView ip;
  std::uint64_t round_trip = 0;
  std::vector<Multiaddr> addresses;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(saved_id_field, pbf_wire_type::length_delimited):
        id = bytes_of(reader.get_view());
        break;
      case tag_and_type(saved_ip_field, pbf_wire_type::length_delimited):
        ip = bytes_of(reader.get_view());
        break;
      case tag_and_type(saved_round_trip_field, pbf_wire_type::varint):
        round_trip = std::min(reader.get_uint64(), kMaxRoundTripMicroseconds);
        break;
      case tag_and_type(saved_address_field, pbf_wire_type::length_delimited): {
        const ByteView address = bytes_of(reader.get_view());
        if (addresses.size() < SavedPeer::kMaxAddresses) {
          addresses.push_back(Multiaddr::decode(address));
        }
        break;
      }
      default:
        reader.skip();
    }
  }
  return {PeerId::decode(id), ip_of_bytes(ip), std::chrono::microseconds(round_trip),
          std::move(addresses)};
}

std::optional<SavedPeer> readable_saved(protozero::pbf_reader reader) {
  try {
    return read_saved(reader);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Bytes encode_saved_peers(const std::vector<SavedPeer>& peers) {
  std::string out;
  protozero::pbf_writer writer(out);
  const std::size_t count = std::min(peers.size(), kMaxSavedPeers);
  for (std::size_t i = 0; i < count; ++i) add_saved(writer, peers[i]);
  return to_bytes(out);
}

std::vector<SavedPeer> decode_saved_peers(ByteView bytes) {
  std::vector<SavedPeer> out;
  try {
    protozero::pbf_reader reader(as_view(bytes));
    while (out.size() < kMaxSavedPeers && reader.next()) {
      if (reader.tag_and_type() != tag_and_type(kSavedPeerField, pbf_wire_type::length_delimited)) {
        reader.skip();
        continue;
      }
      std::optional<SavedPeer> peer = readable_saved(reader.get_message());
      if (peer) out.push_back(std::move(*peer));
    }
  } catch (const protozero::exception&) {
    // The rest cannot be told apart; what was read before is as good as ever.
  }
  return out;
}

std::vector<SavedPeer> peers_to_save(const RoutingTable& table) {
  std::vector<SavedPeer> out;
  std::vector<SavedPeer> unproved;
  for (const RoutingTable::Entry& entry : table.all()) {
    if (entry.failures > 0) continue;
    auto& into = entry.last_useful ? out : unproved;
    into.push_back({entry.id, entry.group.network(), entry.round_trip, {}});
  }
  std::ranges::move(unproved, std::back_inserter(out));
  return out;
}

void restore(RoutingTable& table, const std::vector<SavedPeer>& peers, TimePoint now) {
  for (const SavedPeer& peer : peers) table.offer(peer.id, IpGroup::of(peer.ip), now);
}

}  // namespace shoal::kad
