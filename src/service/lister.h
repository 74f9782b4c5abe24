#pragma once

#include <functional>

#include "content/repeat_budget.h"
#include "service/content_source.h"
#include "service/reader.h"

namespace shoal::service {

/// Tells of the entries of the folder `cid`, or of the one that a file is, as Reader::list() says.
/// Borrows `source` and `entry` until it has returned.
Task<void> list_entries(ContentSource& source, Cid cid, bool recursive, content::TreeLimits limits,
                        const std::function<Task<void>(const Listed&)>& entry);

}  // namespace shoal::service
