#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace shoal::crypto {

enum class DerTag : std::uint8_t {
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  sequence = 0x30,
};

/// Reads the elements of a DER encoding (X.690) in order. Strict: definite, minimal lengths that
/// stay inside of the input. Keeps no copy and does not recurse; throws Error{malformed}.
class DerReader {
 public:
  explicit DerReader(ByteView encoded) : rest_(encoded) {}

  /// The content of the next element, which must have this tag.
  ByteView take(DerTag tag);
  /// A positive INTEGER in its minimal form: big-endian, without leading zero.
  ByteView take_positive_integer();
  /// A BIT STRING of whole bytes.
  ByteView take_whole_bytes();
  bool empty() const { return rest_.empty(); }
  void expect_end() const;

 private:
  std::uint8_t take_byte();
  std::size_t take_length();

  ByteView rest_;
};

/// The length of an element, in its minimal form. Under 16 MiB.
void append_der_length(Bytes& out, std::size_t length);

}  // namespace shoal::crypto
