#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "format/car_header.h"

namespace shoal {

/// A block out of a CAR whose hash was found right.
struct CarBlock {
  Cid cid;
  Bytes bytes;
  /// More than kMaxBlockBytes: fine in a file, but no peer would take it.
  bool oversized = false;
};

/// Reads a CAR of version 1 (ipld.io, specs, transport, car) from bytes that come in pieces; for
/// version 2 see CarUnwrapper.
///
///     feed() -> header() once it is complete -> next() until nothing -> feed() ... -> finish()
///
/// Holds what was fed and not yet returned, so feed little at a time. Throws Error{malformed},
/// {limit}, {unsupported} for another version or for a hash function that we cannot compute,
/// {corrupt} for a block that is not what its CID says; it is of no use after that.
class CarReader {
 public:
  /// Of a section: its CID and its block. Generous, go-car stops at 8 MiB.
  static constexpr std::size_t kDefaultMaxSectionBytes = std::size_t{32} << 20;

  explicit CarReader(std::size_t max_section_bytes = kDefaultMaxSectionBytes);

  void feed(ByteView bytes);

  /// Nothing until next() or header() found all of it.
  const std::optional<CarHeader>& header();

  /// Nothing when more bytes are needed.
  std::optional<CarBlock> next();

  /// Says that no more bytes will come. Throws Error{malformed} in the midst of something, or
  /// before the header.
  void finish();

 private:
  std::optional<ByteView> take_section(std::size_t max_bytes);
  ByteView unread() const { return ByteView(buffer_).subspan(read_); }

  std::size_t max_section_bytes_;
  Bytes buffer_;
  std::size_t read_ = 0;
  std::optional<CarHeader> header_;
};

/// The beginning of a CAR of version 1.
Bytes encode_car_start(const CarHeader& header);

/// Each block after it. Nobody checks here that the block belongs to the CID.
void append_car_block(Bytes& out, const Cid& cid, ByteView block);

}  // namespace shoal
