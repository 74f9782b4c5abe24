#pragma once

#include <string>

#include "cli/output.h"
#include "system/system.h"

namespace shoal::cli {

/// Writes to stdout as fast as its reader takes it, and never holds up the loop: for what goes on
/// coming while a reader pauses.
class PatientOutput {
 public:
  /// Borrows both for its life.
  PatientOutput(System& system, Output& output) : system_(system), output_(output) {}

  /// Returns when all was taken; false when the reader has gone. Cancellable. Throws Error{io}.
  Task<bool> write(std::string text);
  /// A line of JSON; true without --json.
  Task<bool> event(boost::json::object object);
  /// Whether its reader pauses now.
  static bool is_stuck();

 private:
  System& system_;
  Output& output_;
};

}  // namespace shoal::cli
