#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace shoal {

/// The longest name that the file systems of Unix store, in bytes.
inline constexpr std::size_t kMaxEntryNameBytes = 255;

/// Whether an entry of a foreign directory may become a file of that name: a reason against it, or
/// nothing. Bad are the empty name, "." and "..", names with '/' or NUL, and those too long. Any
/// other bytes are fine, UTF-8 or not: they are kept as they are.
std::optional<std::string_view> reason_against_name(std::string_view name);

inline bool is_acceptable_name(std::string_view name) {
  return !reason_against_name(name);
}

/// Throws Error{malformed} with the reason.
void check_entry_name(std::string_view name);

}  // namespace shoal
