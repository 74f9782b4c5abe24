#pragma once

#include <cstdint>
#include <functional>

#include "content/repeat_budget.h"
#include "format/unixfs.h"
#include "service/content_source.h"

namespace shoal::service {

/// Hands over the bytes [begin, end) of a file in order, part by part; the next parts are fetched
/// meanwhile. `node` is what its root `block` says. Throws Error{limit} when RepeatBudget or the
/// limits end it. Borrows all references until it has returned.
Task<void> read_range(ContentSource& source, Cid root, FileNode node, SharedBytes block,
                      std::uint64_t begin, std::uint64_t end, content::TreeLimits limits,
                      const std::function<Task<void>(ByteView)>& piece);

}  // namespace shoal::service
