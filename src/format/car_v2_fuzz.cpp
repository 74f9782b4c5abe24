#include "format/car_v2.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace {

using namespace shoal;

/// What comes out of the file in pieces of this size; nothing if it was refused.
std::optional<Bytes> unwrapped(ByteView file, std::size_t piece) {
  Bytes out;
  try {
    CarUnwrapper unwrapper;
    while (!file.empty()) {
      const ByteView next = file.first(std::min(piece, file.size()));
      file = file.subspan(next.size());
      append(out, unwrapper.unwrap(next));
    }
    unwrapper.finish();
  } catch (const Error&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

// The first byte says in how large pieces the rest comes; it must not matter, except that a file
// too short to be told apart is kept back until more comes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView file(data + 1, size - 1);
  const auto whole = unwrapped(file, size);
  const auto pieces = unwrapped(file, 1 + data[0] % 64);
  SHOAL_CHECK(whole == pieces);
  if (whole) SHOAL_CHECK(whole->size() <= file.size());
  return 0;
}
