#pragma once

#include <string>

#include "service/reader.h"

namespace shoal::cli {

/// As ls(1) writes it: "drwxr-xr-x"; without a mode only the type: "-         ".
std::string mode_text(service::EntryKind kind, std::optional<std::uint32_t> mode);

/// "file", "folder", "symlink"
std::string_view type_name(service::EntryKind kind);

}  // namespace shoal::cli
