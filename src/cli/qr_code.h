#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shoal::cli {

/// Where a QR code is to be drawn.
struct QrRoom {
  std::size_t columns = 80;
  std::size_t rows = 24;
  /// The terminal takes colours: black on white then, whatever its own are. Without, the light
  /// modules are drawn, which is right on a dark terminal.
  bool colored = true;
};

/// A QR code in half-block characters, a line of text for two rows of modules. Empty when there is
/// no room for it, or `text` is too long for any code.
std::string qr_code(std::string_view text, const QrRoom& room);

}  // namespace shoal::cli
