#include "cli/holder_text.h"

#include "base/display_text.h"

namespace shoal::cli {

std::string holder_text(const LockHolder& holder) {
  std::string text = holder.process.empty() ? "a process" : "process " + holder.process;
  if (!holder.command.empty()) text += ": " + for_terminal(holder.command);
  return text;
}

}  // namespace shoal::cli
