#pragma once

#include <string>

#include "system/storage.h"

namespace shoal::cli {

/// A running process, for people: "process 123: shoal share film.mkv".
std::string holder_text(const LockHolder& holder);

}  // namespace shoal::cli
