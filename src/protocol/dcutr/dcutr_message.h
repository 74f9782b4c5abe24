#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"

namespace shoal::dcutr {

/// libp2p specs, relay/DCUtR, "RPC messages".
struct Message {
  static constexpr std::size_t kMaxBytes = 4 * 1024;
  static constexpr std::size_t kMaxAddresses = 16;

  enum class Type : std::uint32_t { connect = 100, sync = 300 };
  /// Which ports the sender's NAT takes, as far as the sender knows.
  enum class Mapping : std::uint32_t { unknown = 1, same_for_all = 2, one_for_each = 3 };
  /// What the receiver is to do in place of dialling (Spray).
  enum class Part : std::uint32_t { open_ports = 1, guess_ports = 2 };

  Type type = Type::connect;
  /// Where the sender is seen, or thinks that it will be; without /p2p.
  std::vector<Multiaddr> addresses{};
  /// Not of the spec; others skip it. In `connect`: its sender knows how to guess ports.
  std::optional<Mapping> mapping{};
  /// The same, in `sync`.
  std::optional<Part> part{};

  Bytes encode() const;
  /// Addresses that cannot be read are left out, so are those through relays and those beyond
  /// kMaxAddresses. Throws Error{malformed}, {limit}.
  static Message decode(ByteView bytes);
  bool operator==(const Message&) const = default;
};

}  // namespace shoal::dcutr
