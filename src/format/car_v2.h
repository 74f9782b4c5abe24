#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace shoal {

/// Finds the CAR of version 1 inside one of version 2 (ipld.io, specs, transport, carv2), so that
/// CarReader can read both: what comes out is what it is to be fed. A file of version 1 comes out
/// as it went in. Indices are left out: they speed up what we do not do, and could lie.
///
///     pragma (11 bytes)  header (40 bytes)  padding  [ CAR of version 1 ]  padding, index
class CarUnwrapper {
 public:
  /// Takes the next bytes of the file, returns those that belong inside. Throws Error{malformed}
  /// for an offset that points into the header, or for sizes that overflow.
  Bytes unwrap(ByteView bytes);

  /// Says that no more bytes will come. Throws Error{malformed} if some were promised.
  void finish() const;

 private:
  enum class State { beginning, version_1, padding, inside, behind };

  void decide();
  void read_header();
  void skip_padding();
  Bytes take_inside();

  State state_ = State::beginning;
  Bytes held_;
  std::uint64_t padding_left_ = 0;
  std::uint64_t inside_left_ = 0;
};

}  // namespace shoal
