#pragma once

#include <string>

#include "base/error.h"

namespace shoal::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;

/// What a command ends in: a row of the table in docs/cli.md.
struct Failure {
  int exit_code;
  std::string name;  // of that row
  std::string message;
  std::string hint;
};

/// Codes that only programs know (malformed, limit, …) are "failed" to a user.
Failure to_failure(const Error& error);
/// SIGINT or SIGTERM with work left. `goes_on`: the command, run again, does not begin anew.
Failure stopped_by(int signal, bool goes_on);

}  // namespace shoal::cli
