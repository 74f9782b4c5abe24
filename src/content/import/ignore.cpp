#include "content/import/ignore.h"

#include <algorithm>
#include <ranges>

namespace shoal::content {

IgnoreRules::IgnoreRules(std::string_view lines) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors begin with it
  if (lines.starts_with(kByteOrderMark)) lines.remove_prefix(kByteOrderMark.size());
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    add(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

void IgnoreRules::add(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  if (line.starts_with('#')) return;
  const bool kept = line.starts_with('!');
  if (kept) line.remove_prefix(1);
  const bool folders_only = line.ends_with('/');
  while (line.ends_with('/')) line.remove_suffix(1);
  if (line.empty()) return;
  const bool whole_path = line.find('/') != line.npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  rules_.push_back({.glob = Glob(line),
                    .whole_path = whole_path,
                    .folders_only = folders_only,
                    .verdict = kept ? Verdict::kept : Verdict::ignored});
}

IgnoreRules::Verdict IgnoreRules::judge(std::string_view path, bool is_folder) const {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const Rule& rule : rules_ | std::views::reverse) {
    if (rule.folders_only && !is_folder) continue;
    if (rule.glob.matches(rule.whole_path ? path : name)) return rule.verdict;
  }
  return Verdict::unknown;
}

bool IgnoreChain::ignores(const IgnoreChain* chain, std::string_view path, bool is_folder) {
  for (; chain != nullptr; chain = chain->outer.get()) {
    const auto verdict = chain->rules.judge(path.substr(chain->folder_bytes), is_folder);
    if (verdict != IgnoreRules::Verdict::unknown) return verdict == IgnoreRules::Verdict::ignored;
  }
  return false;
}

}  // namespace shoal::content
