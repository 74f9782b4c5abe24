#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"

namespace shoal::cli {

/// What a command line asks for: a command, or, when there is none, this text.
struct Invocation {
  CommonOptions options;
  std::unique_ptr<Command> command;
  std::string help;
};

/// `arguments` without the program's name. Throws Error{usage} with a hint.
Invocation parse_command_line(std::vector<std::string> arguments);

/// For when no more is known of a command line, which may be wrong.
bool asks_for_json(const std::vector<std::string>& arguments);

}  // namespace shoal::cli
