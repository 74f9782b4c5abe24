#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal::cli {

/// A QR code in half-block characters, a line of text for two rows of modules, the light modules
/// drawn (for dark terminals). Empty when it would be wider than `width` columns or `text` is too
/// long for any code.
std::string qr_code(std::string_view text, std::size_t width);

}  // namespace shoal::cli
