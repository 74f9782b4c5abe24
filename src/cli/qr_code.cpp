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

}  // namespace

std::string qr_code(std::string_view text, std::size_t width) {
  const std::string terminated(text);
  const std::unique_ptr<QRcode, FreeCode> code(
      QRcode_encodeString8bit(terminated.c_str(), 0, QR_ECLEVEL_L));
  if (!code || static_cast<std::size_t>(code->width + 2 * kQuietZone) > width) return {};
  const int end = code->width + kQuietZone;
  std::string lines;
  for (int y = -kQuietZone; y < end; y += 2) {
    for (int x = -kQuietZone; x < end; ++x) {
      const bool lower = y + 1 < end && is_light(*code, x, y + 1);
      lines += half_blocks(is_light(*code, x, y), lower);
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace shoal::cli
