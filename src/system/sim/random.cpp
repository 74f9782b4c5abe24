#include "system/sim/random.h"

#include <algorithm>
#include <bit>

#include "system/sim/trace.h"

namespace shoal::sim {

SeededRandom::SeededRandom(std::uint64_t seed, std::uint64_t stream) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  std::uint64_t at = mixed(seed + kGolden) ^ mixed(mixed(stream + kGolden));
  for (auto& word : state_) word = mixed(at += kGolden);
}

std::uint64_t SeededRandom::draw() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const std::uint64_t shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = std::rotl(s[3], 45);
  return result;
}

void SeededRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    std::uint64_t word = draw();
    const std::size_t count = std::min<std::size_t>(8, out.size());
    for (std::size_t i = 0; i < count; ++i, word >>= 8) out[i] = static_cast<std::uint8_t>(word);
    out = out.subspan(count);
  }
}

bool SeededRandom::happens(double chance) {
  if (chance <= 0) return false;
  if (chance >= 1) return true;
  return static_cast<double>(draw() >> 11) < chance * 0x1.0p53;
}

std::uint64_t SeededRandom::up_to(std::uint64_t bound) {
  return bound + 1 == 0 ? draw() : below(bound + 1);
}

}  // namespace shoal::sim
