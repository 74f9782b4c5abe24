#include "format/name_check.h"

#include <string>

#include "base/error.h"

namespace shoal {

std::optional<std::string_view> reason_against_name(std::string_view name) {
  if (name.empty()) return "directory entry without a name";
  if (name == "." || name == "..") return "directory entry named as a place, not a file";
  if (name.find('/') != std::string_view::npos) return "directory entry with a slash in its name";
  if (name.find('\0') != std::string_view::npos) return "directory entry with NUL in its name";
  if (name.size() > kMaxEntryNameBytes) return "directory entry with a name of over 255 bytes";
  return std::nullopt;
}

void check_entry_name(std::string_view name) {
  if (const auto reason = reason_against_name(name)) {
    throw Error(ErrorCode::malformed, std::string(*reason));
  }
}

}  // namespace shoal
