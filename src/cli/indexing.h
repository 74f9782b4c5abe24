#pragma once

#include "cli/commands.h"
#include "cli/session.h"
#include "content/import/importer.h"
#include "system/rate_meter.h"

namespace shoal::cli {

// What `share` and `cid` have in common.

/// Several paths are called after the first: "notes.txt and 2 more".
content::ImportOptions to_import_options(const IndexOptions& options, Storage& storage);

/// Counts what was indexed until `now`.
Progress to_progress(const content::ImportProgress& progress, RateMeter& rate, TimePoint now);

/// Names what was left out because it is no file, folder or symlink.
void warn_of_skipped(Output& output, const content::ImportResult& result);

}  // namespace shoal::cli
