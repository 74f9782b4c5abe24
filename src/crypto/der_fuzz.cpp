#include "crypto/der.h"

#include "base/error.h"

// The first byte says how many of the bytes behind it are a script of reads; the rest is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::crypto;
  if (size == 0) return 0;
  const std::size_t steps = data[0] % 8;
  if (size < 1 + steps) return 0;
  const ByteView script(data + 1, steps);
  const ByteView input(data + 1 + steps, size - 1 - steps);
  DerReader reader(input);
  const auto inside = [&](ByteView part) {
    SHOAL_CHECK(part.empty() || (part.data() >= input.data() &&
                                 part.data() + part.size() <= input.data() + input.size()));
  };
  try {
    for (const std::uint8_t step : script) {
      if (step % 4 == 0) {
        const ByteView number = reader.take_positive_integer();
        inside(number);
        SHOAL_CHECK(!number.empty() && number.front() != 0);
      } else if (step % 4 == 1) {
        inside(reader.take_whole_bytes());
      } else if (step % 4 == 2) {
        reader = DerReader(reader.take(DerTag::sequence));
      } else {
        inside(reader.take(static_cast<DerTag>(step >> 2)));
      }
    }
    reader.expect_end();
    SHOAL_CHECK(reader.empty());
  } catch (const Error&) {
  }
  return 0;
}
