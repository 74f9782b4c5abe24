#pragma once

#include "cli/written.h"

namespace shoal::cli {

/// The flags that every command has.
void add_common(CLI::App& app, Written& written);
/// Every command, with its own flags and examples.
void add_commands(CLI::App& app, Written& written);

}  // namespace shoal::cli
