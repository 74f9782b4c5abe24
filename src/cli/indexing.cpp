#include "cli/indexing.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "base/display_text.h"
#include "format/name_check.h"

namespace shoal::cli {

namespace {

std::string last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string name_of(const std::string& path, Storage& storage) {
  if (path == content::kStandardInputPath) return content::kStandardInputName;
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

std::string hidden_text(content::LeftOut hidden) {
  for (std::string& path : hidden.first) path = last_part(path);
  const std::string text = content::to_text(hidden, "hidden");
  if (text.empty()) return text;
  return text.substr(0, text.size() - 1) + "; --hidden includes them)";
}

std::string left_out_text(const content::Omissions& omissions) {
  std::string text = hidden_text(omissions.hidden);
  const std::string unexpected = content::unexpected_text(omissions);
  if (!text.empty() && !unexpected.empty()) text += ", ";
  text += unexpected;
  return text.empty() ? text : "left out: " + for_terminal(text);
}

std::string not_kept_text(const content::Omissions& omissions) {
  const std::uint64_t count = omissions.executables;
  if (count == 0) return {};
  return fmt::format("not kept: {} of {} {}, and modification times (--preserve keeps them)",
                     count == 1 ? "the executable bit" : "the executable bits", count,
                     count == 1 ? "file" : "files");
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

bool reads_standard_input(const IndexOptions& options) {
  return std::ranges::find(options.paths, content::kStandardInputPath) != options.paths.end();
}

Progress to_reading_progress(std::uint64_t bytes, RateMeter& rate, TimePoint now) {
  rate.update(now, bytes);
  return {.name = "reading standard input",
          .bytes_done = bytes,
          .bytes_total = 0,
          .rate = rate.rate(),
          .rest = std::nullopt,
          .peers = std::nullopt,
          .what = {},
          .waiting = {}};
}

void tell_omissions(Output& output, const content::ImportResult& result) {
  for (const auto& warning : result.warnings) output.warning(warning);
  std::string text = left_out_text(result.omissions);
  const std::string not_kept = not_kept_text(result.omissions);
  if (!text.empty() && !not_kept.empty()) text += "; ";
  text += not_kept;
  if (text.empty()) return;
  if (result.omissions.unexpected()) {
    output.warning(text);
  } else {
    output.note(text);
  }
}

boost::json::object to_json(const content::Omissions& omissions) {
  boost::json::array paths;
  for (const auto* reason : {&omissions.special, &omissions.vanished, &omissions.changing}) {
    for (const std::string& path : reason->first) paths.emplace_back(path);
  }
  return {{"hidden", omissions.hidden.count},     {"special", omissions.special.count},
          {"vanished", omissions.vanished.count}, {"changing", omissions.changing.count},
          {"executables", omissions.executables}, {"paths", std::move(paths)}};
}

}  // namespace shoal::cli
