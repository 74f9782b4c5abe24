#pragma once

#include "system/task_group.h"

namespace shoal {

/// Returns when every task of `group` has ended. When the caller is cancelled, cancels them, waits
/// for their end all the same, and then throws what cancelled it.
Task<void> join_or_stop(TaskGroup& group);

}  // namespace shoal
