#include "format/murmur3.h"

#include <bit>
#include <cstddef>

namespace shoal {
namespace {

constexpr std::size_t kStrideBytes = 16;
constexpr std::uint64_t kFactor1 = 0x87c37b91114253d5;
constexpr std::uint64_t kFactor2 = 0x4cf5ad432745937f;

std::uint64_t little_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

std::uint64_t stir_low(std::uint64_t word) {
  return std::rotl(word * kFactor1, 31) * kFactor2;
}

std::uint64_t stir_high(std::uint64_t word) {
  return std::rotl(word * kFactor2, 33) * kFactor1;
}

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

}  // namespace

std::uint64_t murmur3_x64_64(ByteView input) {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  ByteView rest = input;
  for (; rest.size() >= kStrideBytes; rest = rest.subspan(kStrideBytes)) {
    low = std::rotl(low ^ stir_low(little_endian(rest.first(8))), 27) + high;
    low = low * 5 + 0x52dce729;
    high = std::rotl(high ^ stir_high(little_endian(rest.subspan(8, 8))), 31) + low;
    high = high * 5 + 0x38495ab5;
  }
  if (rest.size() > 8) {
    high ^= stir_high(little_endian(rest.subspan(8)));
    rest = rest.first(8);
  }
  low ^= stir_low(little_endian(rest));
  low ^= input.size();
  high ^= input.size();
  low += high;
  high += low;
  return finish(low) + finish(high);
}

}  // namespace shoal
