#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/session.h"
#include "service/link.h"

namespace shoal::cli {

/// What a `serving` line says. What is not known yet is null there.
struct Serving {
  service::Link link;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> files;
  std::optional<std::uint64_t> blocks;
  Duration duration{};
};

void tell_serving(Session& session, const Serving& serving);

}  // namespace shoal::cli
