#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace shoal::identify {

/// The protobuf of libp2p specs, identify. Absent fields are empty. Everything in it is only
/// claimed.
struct Message {
  static constexpr std::size_t kMaxBytes = 8 * 1024;
  static constexpr std::size_t kMaxMessages = 10;
  static constexpr std::size_t kMaxProtocols = 1024;
  static constexpr std::size_t kMaxAddresses = 64;
  static constexpr std::size_t kMaxNameBytes = 256;

  std::string protocol_version;
  std::string agent_version;
  Bytes public_key;  // protobuf, as peer ids hash it
  std::vector<Bytes> listen_addresses;
  Bytes observed_address;
  std::vector<std::string> protocols;
  Bytes signed_peer_record;

  bool operator==(const Message&) const = default;

  Bytes encode() const;
  /// Later messages of one answer add to the lists and replace single fields. Throws
  /// Error{malformed}, and {limit} beyond kMaxProtocols; addresses beyond kMaxAddresses are
  /// dropped.
  void merge(ByteView bytes);
};

}  // namespace shoal::identify
