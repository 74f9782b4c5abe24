#include "base/varint.h"

#include "base/error.h"

// Varints one after the other: each that is taken has one encoding, and one cut short is left
// alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  ByteView rest{data, size};
  try {
    while (!rest.empty()) {
      const ByteView before = rest;
      const auto value = take_varint(rest);
      if (!value) {
        SHOAL_CHECK(rest.size() == before.size() && rest.size() < kMaxVarintBytes);
        return 0;
      }
      Bytes again;
      append_varint(again, *value);
      SHOAL_CHECK(*value <= kMaxVarint && again.size() == varint_size(*value));
      SHOAL_CHECK(equal(again, before.first(before.size() - rest.size())));
    }
  } catch (const Error&) {
  }
  return 0;
}
