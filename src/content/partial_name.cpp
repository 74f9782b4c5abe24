#include "content/partial_name.h"

#include <algorithm>
#include <array>

#include "format/name_check.h"

namespace shoal::content {

namespace {

constexpr std::size_t kTagCharacters = 8;
constexpr std::string_view kPartialSuffix = ".shoal";
constexpr std::string_view kLockSuffix = ".shoal.lock";
constexpr std::string_view kOldSuffix = ".shoal.old";
constexpr std::string_view kKeptSuffix = ".shoal.kept";
constexpr std::string_view kTrialSuffix = ".shoal.try";

std::string with_tag(std::string_view name, std::string_view tag, std::string_view suffix) {
  const std::size_t added = 2 + kTagCharacters + suffix.size();
  const std::string_view kept = name.substr(0, kMaxEntryNameBytes - added);
  return "." + std::string(kept) + "." + std::string(tag) + std::string(suffix);
}

std::string tagged_name(const std::string& name, const Cid& cid, std::string_view suffix) {
  const std::string text = cid.to_string();
  return with_tag(name, std::string_view(text).substr(text.size() - kTagCharacters), suffix);
}

bool is_tagged_name(std::string_view name, std::string_view suffix) {
  if (!name.starts_with('.') || !name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return name.size() >= kTagCharacters + 2 && name[name.size() - kTagCharacters - 1] == '.' &&
         name.substr(name.size() - kTagCharacters).find('.') == name.npos;
}

/// What stands behind the tag of an old target; empty for any other name.
std::string_view old_suffix_of(std::string_view entry) {
  const std::size_t at = entry.rfind(kOldSuffix);
  if (at == entry.npos) return {};
  const std::string_view number = entry.substr(at + kOldSuffix.size());
  return number.find_first_not_of("0123456789") == number.npos ? entry.substr(at)
                                                               : std::string_view();
}

}  // namespace

std::string partial_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kPartialSuffix);
}

std::string partial_lock_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kLockSuffix);
}

std::string old_target_name(const std::string& name, const Cid& cid, unsigned number) {
  const std::string digits = number == 0 ? "" : std::to_string(number);
  return tagged_name(name, cid, std::string(kOldSuffix) + digits);
}

std::string kept_target_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kKeptSuffix);
}

std::string trial_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kTrialSuffix);
}

bool is_download_name(std::string_view entry) {
  constexpr std::array kSuffixes = {kPartialSuffix, kLockSuffix, kKeptSuffix, kTrialSuffix};
  const auto has = [entry](std::string_view suffix) { return is_tagged_name(entry, suffix); };
  const std::string_view old = old_suffix_of(entry);
  return std::ranges::any_of(kSuffixes, has) || (!old.empty() && has(old));
}

bool is_old_target_of(std::string_view entry, const std::string& name) {
  const std::string_view suffix = old_suffix_of(entry);
  if (suffix.empty() || !is_tagged_name(entry, suffix)) return false;
  const std::size_t tag = entry.size() - suffix.size() - kTagCharacters;
  return entry == with_tag(name, entry.substr(tag, kTagCharacters), suffix);
}

}  // namespace shoal::content
