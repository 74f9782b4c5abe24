#include <algorithm>

#include "base/error.h"
#include "format/car.h"

// The first byte says in how large pieces the rest is fed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] * std::size_t{16};
  ByteView rest{data + 1, size - 1};
  try {
    CarReader reader;
    while (!rest.empty()) {
      const ByteView next = rest.first(std::min(piece, rest.size()));
      rest = rest.subspan(next.size());
      reader.feed(next);
      while (const std::optional<CarBlock> block = reader.next()) {
        SHOAL_CHECK(block->cid.hash().matches(block->bytes));
      }
    }
    reader.finish();
    SHOAL_CHECK(decode_car_header(encode_car_header(*reader.header())).roots ==
                reader.header()->roots);
  } catch (const Error&) {
  }
  return 0;
}
