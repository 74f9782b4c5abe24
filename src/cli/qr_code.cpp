#include "cli/qr_code.h"

#include <qrencode.h>

#include <memory>

namespace shoal::cli {

namespace {

/// Light modules around the code. The standard wants four; readers do with two.
constexpr int kQuietZone = 2;

struct FreeCode {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_light(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return true;
  return (code.data[y * code.width + x] & 1) == 0;
}

std::string_view half_blocks(bool upper, bool lower) {
  if (upper && lower) return "█";
  if (upper) return "▀";
  return lower ? "▄" : " ";
}

/// Of the 256 colours, the two that themes leave alone.
constexpr std::string_view kBlackOnWhite = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view kPlain = "\x1b[0m";

}  // namespace

std::string qr_code(std::string_view text, const QrRoom& room) {
  const std::string terminated(text);
  const std::unique_ptr<QRcode, FreeCode> code(
      QRcode_encodeString(terminated.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1));
  if (!code) return {};
  const auto modules = static_cast<std::size_t>(code->width) + 2 * kQuietZone;
  if (modules > room.columns || (modules + 1) / 2 > room.rows) return {};
  const int end = code->width + kQuietZone;
  // What is drawn is dark on white, and light on nothing.
  const auto is_drawn = [&](int x, int y) { return is_light(*code, x, y) != room.colored; };
  std::string lines;
  for (int y = -kQuietZone; y < end; y += 2) {
    if (room.colored) lines += kBlackOnWhite;
    for (int x = -kQuietZone; x < end; ++x) {
      lines += half_blocks(is_drawn(x, y), y + 1 < end && is_drawn(x, y + 1));
    }
    if (room.colored) lines += kPlain;
    lines += '\n';
  }
  return lines;
}

}  // namespace shoal::cli
