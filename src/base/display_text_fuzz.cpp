#include "base/display_text.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/error.h"

// Whatever a peer calls a file: what is shown is valid UTF-8 that no terminal obeys.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  if (size == 0) return 0;
  const std::string_view text = as_text({data + 1, size - 1});
  const std::string shown = for_terminal(text);
  SHOAL_CHECK(for_terminal(shown) == shown && as_utf8(shown) == shown);
  for (const char c : shown) SHOAL_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  const std::string valid = as_utf8(text);
  SHOAL_CHECK(as_utf8(valid) == valid);
  const std::size_t width = data[0];
  SHOAL_CHECK(columns(shorten(shown, width)) <= width);
  return 0;
}
