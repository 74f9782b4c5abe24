#include "cli/indexing.h"

#include <algorithm>

namespace shoal::cli {

content::ImportOptions to_import_options(const IndexOptions& options) {
  content::ImportOptions import;
  import.exclude = options.exclude;
  import.hidden = options.hidden;
  import.preserve = options.preserve;
  return import;
}

Progress to_progress(const content::ImportProgress& progress, RateMeter& rate, TimePoint now) {
  rate.update(now, progress.bytes_done);
  const std::uint64_t rest =
      progress.bytes_total - std::min(progress.bytes_done, progress.bytes_total);
  return {.name = "indexing " + progress.path,
          .bytes_done = progress.bytes_done,
          .bytes_total = progress.bytes_total,
          .rate = rate.rate(),
          .rest = rate.time_for(rest),
          .peers = std::nullopt,
          .waiting = {}};
}

void warn_of_skipped(Output& output, const content::ImportResult& result) {
  for (const auto& warning : result.warnings) output.warning(warning);
}

}  // namespace shoal::cli
