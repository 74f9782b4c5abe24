#include <optional>

#include "base/error.h"
#include "format/multibase.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const ByteView input(data, std::min<std::size_t>(size, kMaxSlowBaseBytes / 2));
  for (int i = 0; i <= static_cast<int>(Base::base64url_pad); ++i) {
    const MultibaseText back = decode_multibase(encode_multibase(static_cast<Base>(i), input));
    SHOAL_CHECK(back.base == static_cast<Base>(i) && equal(back.bytes, input));
  }
  std::optional<MultibaseText> decoded;
  try {
    decoded = decode_multibase(as_text(input));
  } catch (const Error&) {
    return 0;
  }
  // Letters may come in the other case; otherwise a text is what the encoder makes of its bytes.
  const std::string text = encode_multibase(decoded->base, decoded->bytes);
  SHOAL_CHECK(text.size() == input.size());
  SHOAL_CHECK(decode_multibase(text).bytes == decoded->bytes);
  return 0;
}
