#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"

namespace shoal::dcutr {

/// libp2p specs, relay/DCUtR, "RPC messages".
struct Message {
  static constexpr std::size_t kMaxBytes = 4 * 1024;
  static constexpr std::size_t kMaxAddresses = 16;

  enum class Type : std::uint32_t { connect = 100, sync = 300 };

  Type type = Type::connect;
  /// Where the sender is seen, or thinks that it will be; without /p2p.
  std::vector<Multiaddr> addresses{};

  Bytes encode() const;
  /// Addresses that cannot be read are left out, so are those through relays and those beyond
  /// kMaxAddresses. Throws Error{malformed}, {limit}.
  static Message decode(ByteView bytes);
  bool operator==(const Message&) const = default;
};

}  // namespace shoal::dcutr
