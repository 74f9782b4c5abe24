#include "content/partial_name.h"

#include "format/name_check.h"

namespace shoal::content {

namespace {

constexpr std::size_t kTagCharacters = 8;
constexpr std::string_view kPartialSuffix = ".shoal";
constexpr std::string_view kLockSuffix = ".shoal.lock";

std::string tagged_name(const std::string& name, const Cid& cid, std::string_view suffix) {
  const std::string text = cid.to_string();
  const std::string tag = text.substr(text.size() - kTagCharacters);
  const std::size_t added = 2 + kTagCharacters + suffix.size();
  const std::string_view kept = std::string_view(name).substr(0, kMaxEntryNameBytes - added);
  return "." + std::string(kept) + "." + tag + std::string(suffix);
}

bool is_tagged_name(std::string_view name, std::string_view suffix) {
  if (!name.starts_with('.') || !name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return name.size() >= kTagCharacters + 2 && name[name.size() - kTagCharacters - 1] == '.' &&
         name.substr(name.size() - kTagCharacters).find('.') == name.npos;
}

}  // namespace

std::string partial_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kPartialSuffix);
}

std::string partial_lock_name(const std::string& name, const Cid& cid) {
  return tagged_name(name, cid, kLockSuffix);
}

bool is_partial_or_lock_name(std::string_view name) {
  return is_tagged_name(name, kPartialSuffix) || is_tagged_name(name, kLockSuffix);
}

}  // namespace shoal::content
