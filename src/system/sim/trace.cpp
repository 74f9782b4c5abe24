#include "system/sim/trace.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace shoal::sim {

namespace {

std::uint64_t load(const std::uint8_t* from, std::size_t count) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, count);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

}  // namespace

std::uint64_t hash_of(ByteView bytes) {
  // Four independent lanes, so that the multiplications overlap.
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t lanes[4] = {bytes.size(), 1, 2, 3};
  const auto take = [](std::uint64_t lane, std::uint64_t word) {
    return std::rotl((lane ^ word) * kOdd, 29);
  };
  while (bytes.size() >= 32) {
    for (std::size_t i = 0; i < 4; ++i) lanes[i] = take(lanes[i], load(bytes.data() + 8 * i, 8));
    bytes = bytes.subspan(32);
  }
  for (std::size_t i = 0; !bytes.empty(); ++i) {
    const std::size_t count = std::min<std::size_t>(8, bytes.size());
    lanes[i] = take(lanes[i], load(bytes.data(), count));
    bytes = bytes.subspan(count);
  }
  std::uint64_t hash = 0;
  for (const auto lane : lanes) hash = mixed(hash + lane);
  return hash;
}

}  // namespace shoal::sim
