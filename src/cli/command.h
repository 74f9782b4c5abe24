#pragma once

#include "cli/session.h"
#include "system/task.h"

namespace shoal::cli {

/// One command under way. run() does the work and may be cancelled, by a signal, at any wait;
/// stop() is awaited afterwards in every case, cannot be cancelled, and lets go of the node.
class Command {
 public:
  virtual ~Command() = default;
  virtual Task<void> run(Session& session) = 0;
  virtual Task<void> stop() { co_return; }
  /// Whether the same command, run again after a signal, goes on from there.
  virtual bool goes_on() const { return false; }
};

}  // namespace shoal::cli
