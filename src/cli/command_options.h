#pragma once

#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/written.h"

namespace shoal::cli {

/// The flags of every command, read and checked. Throws Error{usage}.
CommonOptions read_common(const Written& written);
/// The command `name` with its own flags and arguments. `others_known`: --connect names a peer.
/// Throws Error{usage}.
std::unique_ptr<Command> make_command(const std::string& name, const Written& written,
                                      bool others_known);

}  // namespace shoal::cli
