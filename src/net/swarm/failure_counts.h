#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace shoal::net {

/// What ended by an error: how many, by stage and cause.
class FailureCounts {
 public:
  enum class Stage { attempt, handshake, connection, stream };

  void add(Stage stage, ErrorCode code) { ++count(stage, code); }
  std::uint64_t of(Stage stage, ErrorCode code) const {
    return counts_[static_cast<std::size_t>(stage)][static_cast<std::size_t>(code)];
  }

 private:
  static constexpr std::size_t kStages = static_cast<std::size_t>(Stage::stream) + 1;
  static constexpr std::size_t kCodes = static_cast<std::size_t>(ErrorCode::closed) + 1;

  std::uint64_t& count(Stage stage, ErrorCode code) {
    return counts_[static_cast<std::size_t>(stage)][static_cast<std::size_t>(code)];
  }

  std::array<std::array<std::uint64_t, kCodes>, kStages> counts_{};
};

}  // namespace shoal::net
