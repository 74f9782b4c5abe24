#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "format/multiaddr_protocol.h"
#include "format/peer_id.h"

namespace shoal {

/// A name that is still to be resolved, to IPv4, IPv6 or either (dns4, dns6, dns), and a port.
struct HostPort {
  AddressCode kind = AddressCode::dns;
  std::string host;
  std::uint16_t port = 0;

  auto operator<=>(const HostPort&) const = default;
};

/// How to reach somebody: a path of protocols with their values (multiformats/multiaddr). Always
/// valid; kept in binary form, which also orders and identifies it. Empty when it was made by the
/// default constructor or by taking everything away; foreign ones are never empty.
class Multiaddr {
 public:
  static constexpr std::size_t kMaxBytes = 1024;
  static constexpr std::size_t kMaxComponents = 32;
  /// Percent-encoding makes three characters of a byte.
  static constexpr std::size_t kMaxCharacters = 4096;

  /// `value` is lent by the Multiaddr, and empty for protocols that have none.
  struct Component {
    AddressCode code;
    ByteView value;
  };

  Multiaddr() = default;

  /// Throws Error{malformed}, {limit}, and {unsupported} for a protocol that is not in the table.
  static Multiaddr parse(std::string_view text);
  static Multiaddr decode(ByteView bytes);
  /// "/ip4/…/tcp/…"; a link-local address with a scope begins with "/ip6zone/<scope>".
  static Multiaddr tcp(const Endpoint& endpoint);
  static Multiaddr p2p(const PeerId& peer);

  bool empty() const { return bytes_.empty(); }
  const Bytes& encoded() const { return bytes_; }
  std::string to_string() const;

  std::vector<Component> components() const&;
  std::vector<Component> components() const&& = delete;  // they would outlive their bytes
  bool has(AddressCode code) const;

  /// This, then `inner`. Throws Error{limit}, or {malformed} behind a path.
  Multiaddr encapsulate(const Multiaddr& inner) const;
  /// What stands before the last occurrence of `inner`; all of it when there is none.
  Multiaddr decapsulate(const Multiaddr& inner) const;

  /// Whose address it is: the /p2p component that it ends in. A relay's, further left, is not
  /// meant.
  std::optional<PeerId> peer() const;
  Multiaddr without_peer() const;
  /// Ending in /p2p/`peer`, in place of another that it may end in.
  Multiaddr with_peer(const PeerId& peer) const;

  /// The first IP address in it.
  std::optional<IpAddress> ip() const;
  /// For /ip4|ip6/…/tcp/…, perhaps with /ip6zone before and /p2p behind, and nothing else. A zone
  /// must be a number: names of interfaces are for the system to resolve.
  std::optional<Endpoint> tcp_endpoint() const;
  /// For /dns|dns4|dns6/…/tcp/…, perhaps with /p2p behind, and nothing else.
  std::optional<HostPort> tcp_host() const;

  bool operator==(const Multiaddr&) const = default;
  std::strong_ordering operator<=>(const Multiaddr&) const = default;

 private:
  explicit Multiaddr(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
};

}  // namespace shoal

template <>
struct std::hash<shoal::Multiaddr> {
  /// FNV-1a, the same in every process.
  std::size_t operator()(const shoal::Multiaddr& address) const noexcept;
};
