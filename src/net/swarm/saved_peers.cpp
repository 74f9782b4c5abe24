#include "net/swarm/saved_peers.h"

#include "base/error.h"
#include "base/varint.h"

namespace shoal::net {

namespace {

// version, saved_at, then peers to the end:
//   length and bytes of the id, flags, count, then for each address
//   length and bytes, source, lifetime in seconds. Numbers are varints.
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kUseful = 1;

void append_bytes(Bytes& out, ByteView bytes) {
  append_varint(out, bytes.size());
  append(out, bytes);
}

void append_peer(Bytes& out, const SavedPeer& peer) {
  append_bytes(out, peer.peer.encoded());
  append_varint(out, peer.useful ? kUseful : 0);
  append_varint(out, peer.addresses.size());
  for (const SavedPeer::Address& each : peer.addresses) {
    append_bytes(out, each.address.encoded());
    append_varint(out, static_cast<std::uint64_t>(each.source));
    append_varint(out, each.lifetime_seconds);
  }
}

ByteView take_bytes(ByteView& in, std::size_t limit) {
  const std::uint64_t length = take_whole_varint(in);
  if (length > limit || length > in.size()) {
    throw Error(ErrorCode::malformed, "saved peers: a length exceeds what is there");
  }
  const ByteView out = in.first(length);
  in = in.subspan(length);
  return out;
}

SavedPeer::Address take_address(ByteView& in) {
  SavedPeer::Address out;
  out.address = Multiaddr::decode(take_bytes(in, Multiaddr::kMaxBytes));
  const std::uint64_t source = take_whole_varint(in);
  if (source > static_cast<std::uint64_t>(AddressSource::hearsay)) {
    throw Error(ErrorCode::malformed, "saved peers: no such source of an address");
  }
  out.source = static_cast<AddressSource>(source);
  out.lifetime_seconds = take_whole_varint(in);
  return out;
}

SavedPeer take_peer(ByteView& in) {
  SavedPeer out{.peer = PeerId::decode(take_bytes(in, Multiaddr::kMaxBytes))};
  out.useful = (take_whole_varint(in) & kUseful) != 0;
  const std::uint64_t count = take_whole_varint(in);
  if (count > SavedPeers::kMaxAddressesPerPeer) {
    throw Error(ErrorCode::limit, "saved peers: too many addresses of one");
  }
  for (std::uint64_t i = 0; i < count; ++i) out.addresses.push_back(take_address(in));
  return out;
}

}  // namespace

Bytes encode_saved_peers(const SavedPeers& saved, std::size_t max_bytes) {
  Bytes out;
  append_varint(out, kVersion);
  append_varint(out, saved.saved_at);
  for (const SavedPeer& peer : saved.peers) {
    const std::size_t before = out.size();
    append_peer(out, peer);
    if (out.size() <= max_bytes) continue;
    out.resize(before);
    break;
  }
  return out;
}

SavedPeers decode_saved_peers(ByteView bytes) {
  if (take_whole_varint(bytes) != kVersion) {
    throw Error(ErrorCode::unsupported, "saved peers: written by another version");
  }
  SavedPeers out{.saved_at = take_whole_varint(bytes)};
  while (!bytes.empty()) {
    if (out.peers.size() == SavedPeers::kMaxPeers) {
      throw Error(ErrorCode::limit, "saved peers: too many");
    }
    out.peers.push_back(take_peer(bytes));
  }
  return out;
}

}  // namespace shoal::net
