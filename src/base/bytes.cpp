#include "base/bytes.h"

#include <algorithm>

#include "base/error.h"

namespace shoal {

bool equal(ByteView a, ByteView b) {
  return std::ranges::equal(a, b);
}

bool less(ByteView a, ByteView b) {
  return std::ranges::lexicographical_compare(a, b);
}

std::string to_hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

namespace {

std::uint8_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  throw Error(ErrorCode::malformed, "not a hexadecimal digit");
}

}  // namespace

Bytes from_hex(std::string_view text) {
  if (text.size() % 2 != 0) throw Error(ErrorCode::malformed, "odd number of hexadecimal digits");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(hex_digit(text[i]) << 4 | hex_digit(text[i + 1])));
  }
  return out;
}

}  // namespace shoal
