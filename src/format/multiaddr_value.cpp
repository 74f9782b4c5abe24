#include "format/multiaddr_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/base_n.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "format/multibase.h"
#include "format/peer_id.h"

namespace shoal::address_value {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::malformed, why);
}

IpAddress parse_ip(std::string_view text, bool is_v6) {
  const bool has_nul = text.find('\0') != std::string_view::npos;
  const std::optional<IpAddress> address = has_nul ? std::nullopt : IpAddress::parse(text);
  if (!address || address->is_v6() != is_v6) {
    refuse(is_v6 ? "not an IPv6 address" : "not an IPv4 address");
  }
  return *address;
}

template <class Number>
Bytes parse_number(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped_at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped_at != end) refuse("not a number in range");
  Bytes out;
  for (std::size_t shift = sizeof(Number) * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> (shift - 8)));
  }
  return out;
}

std::uint64_t number_of(ByteView value) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : value) number = number << 8 | byte;
  return number;
}

std::uint16_t group_of(ByteView value, std::size_t index) {
  return static_cast<std::uint16_t>(number_of(value.subspan(2 * index, 2)));
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

/// The first of the longest runs of zero groups, of two at least (RFC 5952, section 4.2).
Run longest_zeros(ByteView value) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < 8; ++i) {
    if (group_of(value, i) != 0) {
      current = {};
      continue;
    }
    if (current.length == 0) current.begin = i;
    ++current.length;
    if (current.length > best.length) best = current;
  }
  return best.length >= 2 ? best : Run{};
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

Bytes parse_ip4(std::string_view text) {
  return to_bytes(parse_ip(text, false).bytes());
}

std::string format_ip4(ByteView value) {
  return fmt::format("{}.{}.{}.{}", value[0], value[1], value[2], value[3]);
}

Bytes parse_ip6(std::string_view text) {
  return to_bytes(parse_ip(text, true).bytes());
}

// Not inet_ntop, which prints ::1:2 as ::0.1.0.2: every other implementation prints hexadecimal.
std::string format_ip6(ByteView value) {
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (equal(value.first(12), kMapped)) return "::ffff:" + format_ip4(value.subspan(12));
  const Run zeros = longest_zeros(value);
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (zeros.length != 0 && i == zeros.begin) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    out += fmt::format("{:x}", group_of(value, i));
  }
  return out;
}

Bytes parse_mask(std::string_view text) {
  return parse_number<std::uint8_t>(text);
}

Bytes parse_port(std::string_view text) {
  return parse_number<std::uint16_t>(text);
}

Bytes parse_memory(std::string_view text) {
  return parse_number<std::uint64_t>(text);
}

std::string format_number(ByteView value) {
  return std::to_string(number_of(value));
}

Bytes parse_name(std::string_view text) {
  return to_bytes(text);
}

void check_name(ByteView value) {
  const auto is_foreign = [](std::uint8_t c) { return c <= ' ' || c >= 0x7f || c == '/'; };
  if (std::ranges::any_of(value, is_foreign))
    refuse("name with a slash, a space, or what is not ASCII");
}

std::string format_name(ByteView value) {
  return std::string(as_text(value));
}

void check_path(ByteView value) {
  const auto is_control = [](std::uint8_t c) { return c < ' ' || c == 0x7f; };
  if (value.size() < 2 || value.front() != '/' || value.back() == '/')
    refuse("not a socket's path");
  if (std::ranges::any_of(value, is_control)) refuse("path with a control character");
}

Bytes parse_http_path(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(static_cast<std::uint8_t>(text[i]));
      continue;
    }
    if (text.size() - i < 3) refuse("percent sign without two digits");
    append(out, from_hex(text.substr(i + 1, 2)));
    i += 2;
  }
  return out;
}

std::string format_http_path(ByteView value) {
  std::string out;
  for (const char c : as_text(value)) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
    }
  }
  return out;
}

Bytes parse_peer(std::string_view text) {
  return to_bytes(PeerId::parse(text).encoded());
}

void check_peer(ByteView value) {
  PeerId::decode(value);
}

std::string format_peer(ByteView value) {
  return encode_base(Base::base58btc, value);
}

Bytes parse_certhash(std::string_view text) {
  return decode_multibase(text).bytes;
}

void check_certhash(ByteView value) {
  Multihash::decode(value);
}

std::string format_certhash(ByteView value) {
  return encode_multibase(Base::base64url, value);
}

Bytes parse_onion(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse("onion address without a port");
  Bytes out = decode_base(Base::base32, text.substr(0, colon));
  append(out, parse_port(text.substr(colon + 1)));
  return out;
}

void check_onion(ByteView value) {
  if (number_of(value.last(2)) == 0) refuse("onion address with port 0");
}

std::string format_onion(ByteView value) {
  const std::string host = encode_base(Base::base32, value.first(value.size() - 2));
  return host + ":" + format_number(value.last(2));
}

// I2P's base64 has - and ~ where the common one has + and /.
Bytes parse_garlic64(std::string_view text) {
  if (text.find_first_of("+/") != std::string_view::npos) refuse("not I2P's base64");
  std::string common(text);
  std::ranges::replace(common, '-', '+');
  std::ranges::replace(common, '~', '/');
  return decode_base(Base::base64_pad, common);
}

void check_garlic64(ByteView value) {
  constexpr std::size_t kMinDestinationBytes = 386;
  if (value.size() < kMinDestinationBytes) refuse("too short for an I2P destination");
}

std::string format_garlic64(ByteView value) {
  std::string out = encode_base(Base::base64_pad, value);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '~');
  return out;
}

Bytes parse_garlic32(std::string_view text) {
  return decode_base(Base::base32, text);
}

// 32 bytes, or 35 and more with an encrypted lease set.
void check_garlic32(ByteView value) {
  if (value.size() != 32 && value.size() < 35) refuse("too short for an I2P hash");
}

std::string format_garlic32(ByteView value) {
  return encode_base(Base::base32, value);
}

}  // namespace shoal::address_value
