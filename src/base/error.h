#pragma once

// shoal::Error is public: its one definition is among the headers that other programs include.
#include <shoal/error.h>

namespace shoal {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace shoal

/// For failures of our own logic only; never reachable from foreign input. Active in every build.
#define SHOAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::shoal::check_failed(#condition, __FILE__, __LINE__))
