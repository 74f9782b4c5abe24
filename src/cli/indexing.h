#pragma once

#include <boost/json/object.hpp>

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

/// Whether "-" is among the paths: standard input.
bool reads_standard_input(const IndexOptions& options);

/// While it is read.
Progress to_reading_progress(std::uint64_t bytes, RateMeter& rate, TimePoint now);

/// Says in a line what was left out and what will not be kept, and which flag changes that.
void tell_omissions(Output& output, const content::ImportResult& result);

/// The same as fields of JSON.
boost::json::object to_json(const content::Omissions& omissions);

}  // namespace shoal::cli
