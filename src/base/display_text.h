#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

// Text that others chose, such as names of files, made fit to be shown.

/// For a terminal: what could move the cursor, colour, or turn the direction of writing becomes
/// visible (\x1b, \u{202e}), and so do bytes that are no UTF-8.
std::string for_terminal(std::string_view text);

/// For JSON: valid UTF-8, with U+FFFD in place of what is not.
std::string as_utf8(std::string_view text);

/// Columns that a terminal gives to valid UTF-8 without control characters.
std::size_t columns(std::string_view text);

/// At most `width` columns of it, "…" standing for what was left out at the end.
std::string shorten(std::string_view text, std::size_t width);

}  // namespace shoal
