#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "format/cid.h"

namespace shoal {

/// The header of a CAR file, without the length in front: DAG-CBOR {"roots": [links], "version":
/// n}.
struct CarHeader {
  std::uint64_t version = 1;
  /// May be empty, although the specification wants one at least: writers exist that have none.
  std::vector<Cid> roots;
};

inline constexpr std::size_t kMaxCarHeaderBytes = std::size_t{64} << 10;

/// Canonical DAG-CBOR of exactly that shape, the two keys in either order. Throws Error{malformed},
/// {limit} for more than 64 KiB, {unsupported} for another version than 1 (the header of version 2
/// has no roots).
CarHeader decode_car_header(ByteView bytes);

Bytes encode_car_header(const CarHeader& header);

}  // namespace shoal
