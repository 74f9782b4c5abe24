#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace shoal {

/// The codes of multiformats/multiaddr's protocols.csv, all of them.
enum class AddressCode : std::uint64_t {
  ip4 = 4,
  tcp = 6,
  dccp = 33,
  ip6 = 41,
  ip6zone = 42,
  ipcidr = 43,
  dns = 53,
  dns4 = 54,
  dns6 = 55,
  dnsaddr = 56,
  sctp = 132,
  udp = 273,
  p2p_webrtc_star = 275,
  p2p_webrtc_direct = 276,
  p2p_stardust = 277,
  webrtc_direct = 280,
  webrtc = 281,
  p2p_circuit = 290,
  udt = 301,
  utp = 302,
  unix_socket = 400,
  p2p = 421,
  https = 443,
  onion = 444,
  onion3 = 445,
  garlic64 = 446,
  garlic32 = 447,
  tls = 448,
  sni = 449,
  noise = 454,
  quic = 460,
  quic_v1 = 461,
  webtransport = 465,
  certhash = 466,
  ws = 477,
  wss = 478,
  p2p_websocket_star = 479,
  http = 480,
  http_path = 481,
  memory = 777,
};

/// How one protocol of a multiaddr is written, in binary and in text.
struct AddressProtocol {
  static constexpr int kPrefixed = -1;

  AddressCode code;
  std::string_view name;
  /// Of the value in binary: 0 when there is none, kPrefixed when a varint says it (never 0 then).
  int value_bytes = 0;
  /// Text to binary; what it returns has still to pass check().
  Bytes (*parse)(std::string_view text) = nullptr;
  /// Throws Error{malformed} for a value that must not be.
  void (*check)(ByteView value) = nullptr;
  /// Of a value that passed check().
  std::string (*format)(ByteView value) = nullptr;
  /// The value is the rest of the text, slashes included, so nothing can follow.
  bool is_path = false;
};

std::span<const AddressProtocol> address_protocols();

/// Null when there is none. "ipfs" is an old name of "p2p".
const AddressProtocol* find_address_protocol(std::string_view name);
const AddressProtocol* find_address_protocol(std::uint64_t code);

}  // namespace shoal
