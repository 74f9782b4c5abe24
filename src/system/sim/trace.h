#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "system/time.h"

namespace shoal::sim {

/// A finaliser of 64 bits (splitmix64): every input bit changes about half of the output.
constexpr std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

/// Fast, not cryptographic; the same on every machine and compiler.
std::uint64_t hash_of(ByteView bytes);

enum class TraceKind : std::uint64_t { step, timer, event, packet, drop, crash, restart, note };

/// Everything that happens in a world, as one number.
class Trace {
 public:
  void add(TraceKind kind, TimePoint time) {
    hash_ = mixed(hash_ + static_cast<std::uint64_t>(time.time_since_epoch().count())) +
            static_cast<std::uint64_t>(kind);
  }
  void add(TraceKind kind, TimePoint time, std::uint64_t what, std::uint64_t more) {
    add(kind, time);
    hash_ = mixed(mixed(hash_ ^ what) + more);
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0x5368'6f61'6c21;
};

}  // namespace shoal::sim
