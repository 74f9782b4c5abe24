#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Bytes that are owned, lent for reading, and lent for writing.
using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

inline Bytes to_bytes(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

inline void append(Bytes& out, ByteView more) {
  out.insert(out.end(), more.begin(), more.end());
}

bool equal(ByteView a, ByteView b);

/// Lexicographic order, for ordered containers.
bool less(ByteView a, ByteView b);

/// Lower-case hexadecimal, without prefix.
std::string to_hex(ByteView bytes);

/// Throws Error{malformed} for an odd length or a foreign character.
Bytes from_hex(std::string_view text);

}  // namespace shoal
