#pragma once

#include "cli/commands.h"
#include "cli/session.h"
#include "content/import/importer.h"
#include "system/rate_meter.h"

namespace shoal::cli {

// What `share` and `cid` have in common.

/// Several paths are called after the first: "notes.txt and 2 more". `home` is left out.
content::ImportOptions to_import_options(const IndexOptions& options, Storage& storage,
                                         std::string home);

/// Counts what was indexed until `now`.
Progress to_progress(const content::ImportProgress& progress, RateMeter& rate, TimePoint now);

/// Names what was left out though nobody asked for that.
void warn_of_skipped(Output& output, const content::ImportResult& result);

}  // namespace shoal::cli
