#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

/// The values inside of multiaddrs, one trio of functions for each kind. parse_* and check_* throw
/// Error{malformed}; format_* takes what passed its check.
namespace shoal::address_value {

Bytes parse_ip4(std::string_view text);
std::string format_ip4(ByteView value);

/// As RFC 5952 writes it, IPv4-mapped addresses with their last part dotted.
Bytes parse_ip6(std::string_view text);
std::string format_ip6(ByteView value);

/// A decimal number of 1, 2 or 8 bytes, big-endian.
Bytes parse_mask(std::string_view text);
Bytes parse_port(std::string_view text);
Bytes parse_memory(std::string_view text);
std::string format_number(ByteView value);

/// Names that are text already: no slash, nothing that a terminal would obey.
Bytes parse_name(std::string_view text);
void check_name(ByteView value);
std::string format_name(ByteView value);

/// A socket's path, from its leading slash on.
void check_path(ByteView value);

/// Percent-encoded (RFC 3986, one path segment).
Bytes parse_http_path(std::string_view text);
std::string format_http_path(ByteView value);

Bytes parse_peer(std::string_view text);
void check_peer(ByteView value);
std::string format_peer(ByteView value);

Bytes parse_certhash(std::string_view text);
void check_certhash(ByteView value);
std::string format_certhash(ByteView value);

/// Tor: the host in base32, a colon, a port that is not 0.
Bytes parse_onion(std::string_view text);
void check_onion(ByteView value);
std::string format_onion(ByteView value);

/// I2P: a destination in its own base64, or the hash of one in base32.
Bytes parse_garlic64(std::string_view text);
void check_garlic64(ByteView value);
std::string format_garlic64(ByteView value);
Bytes parse_garlic32(std::string_view text);
void check_garlic32(ByteView value);
std::string format_garlic32(ByteView value);

}  // namespace shoal::address_value
