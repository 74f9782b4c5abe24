#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::kad {

inline constexpr const char* kPublicProtocol = "/ipfs/kad/1.0.0";
inline constexpr const char* kLanProtocol = "/ipfs/lan/kad/1.0.0";

/// Size of a bucket, and number of peers that keep a record.
inline constexpr std::size_t kReplication = 20;
inline constexpr std::size_t kMaxKeyBytes = 80;

enum class MessageType : std::uint8_t {
  put_value = 0,
  get_value = 1,
  add_provider = 2,
  get_providers = 3,
  find_node = 4,
  ping = 5
};

/// A peer as a message names it. Addresses are without /p2p.
struct PeerInfo {
  static constexpr std::size_t kMaxAddresses = 16;

  PeerId id;
  std::vector<Multiaddr> addresses;
  /// What the sender says of its connection to that peer: 0 none, 1 connected, 2 can, 3 cannot.
  std::uint8_t connection = 0;

  bool operator==(const PeerInfo&) const = default;
};

/// A value of the DHT: libp2p specs, kad-dht, Record.
struct Record {
  static constexpr std::size_t kMaxValueBytes = 10 * 1024;

  Bytes key;
  Bytes value;
  /// When who sends it received it, as RFC 3339; empty when it does not say.
  std::string time_received;

  bool operator==(const Record&) const = default;
};

/// One request or answer of /kad/1.0.0, without its length.
struct Message {
  static constexpr std::size_t kMaxBytes = 64 * 1024;
  static constexpr std::size_t kMaxPeers = 2 * kReplication;

  MessageType type = MessageType::ping;
  Bytes key;
  std::optional<Record> record;
  std::vector<PeerInfo> closer;
  std::vector<PeerInfo> providers;

  Bytes encode() const;
  /// Throws Error{malformed}, and {limit} for a key or a record beyond its bound. Peers beyond
  /// kMaxPeers, addresses beyond kMaxAddresses, and those that do not parse are left out.
  static Message decode(ByteView bytes);

  bool operator==(const Message&) const = default;
};

}  // namespace shoal::kad
