#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace shoal::sim {

[[noreturn]] inline void io_failure(const char* what, std::string_view path) {
  throw Error(ErrorCode::io, what, std::string(path));
}

struct Absent final : Error {
  explicit Absent(std::string_view path)
      : Error(ErrorCode::io, "no such file or folder", std::string(path)) {}
};

}  // namespace shoal::sim
