#include "cli/indexing.h"

#include <fmt/format.h>

#include <algorithm>

#include "format/name_check.h"

namespace shoal::cli {

namespace {

std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string name_of(const std::string& path, Storage& storage) {
  const std::string name = last_part(path);
  const bool says_nothing = name.empty() || name == "." || name == "..";
  return says_nothing ? last_part(storage.absolute(path)) : name;
}

/// The first `bytes` of it, without the rest of a character.
std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

std::string name_of_several(const std::vector<std::string>& paths, Storage& storage) {
  const std::string more = fmt::format(" and {} more", paths.size() - 1);
  return cut(name_of(paths.front(), storage), kMaxEntryNameBytes - more.size()) + more;
}

}  // namespace

content::ImportOptions to_import_options(const IndexOptions& options, Storage& storage,
                                         std::string home) {
  content::ImportOptions import;
  import.home = std::move(home);
  if (options.paths.size() > 1) import.name = name_of_several(options.paths, storage);
  import.exclude = options.exclude;
  import.hidden = options.hidden;
  import.preserve = options.preserve;
  return import;
}

Progress to_progress(const content::ImportProgress& progress, RateMeter& rate, TimePoint now) {
  rate.update(now, progress.bytes_done);
  const std::uint64_t rest =
      progress.bytes_total - std::min(progress.bytes_done, progress.bytes_total);
  return {.name = "indexing " + last_part(progress.path),
          .bytes_done = progress.bytes_done,
          .bytes_total = progress.bytes_total,
          .rate = rate.rate(),
          .rest = rate.time_for(rest),
          .peers = std::nullopt,
          .what = {},
          .waiting = {}};
}

void warn_of_skipped(Output& output, const content::ImportResult& result) {
  for (const auto& warning : result.warnings) output.warning(warning);
}

}  // namespace shoal::cli
