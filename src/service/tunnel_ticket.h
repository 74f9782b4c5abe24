#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "format/multiaddr.h"
#include "format/peer_id.h"

namespace shoal::service {

/// What lets another machine connect to a tunnel: one word that can be copied with a double click.
///
///     shoaltunnel1 + base58btc(protobuf{1: peer id, 2: address…, 3: name, 4: secret,
///                                           5: 1 for datagrams} + checksum)
///
/// The checksum is the first four bytes of the SHA-256 of all before it. Who has a ticket with a
/// secret has the tunnel, so none is logged and no error repeats it.
struct TunnelTicket {
  static constexpr std::string_view kPrefix = "shoaltunnel1";
  static constexpr std::size_t kMaxTextBytes = 1024;
  static constexpr std::size_t kMaxAddresses = 8;
  static constexpr std::size_t kSecretBytes = 16;
  static constexpr std::size_t kMaxSecretBytes = 64;

  PeerId peer;
  std::vector<Multiaddr> addresses{};  // without /p2p
  std::string name;
  Bytes secret{};          // empty: the exposer knows its peers by their ids
  bool datagrams = false;  // UDP

  std::string to_string() const;
  /// White space around it is ignored, addresses of unknown protocols are skipped. Throws
  /// Error{usage}, which tells a ticket that was cut from one of a later version.
  static TunnelTicket parse(std::string_view text);
  bool operator==(const TunnelTicket&) const = default;
};

}  // namespace shoal::service
