#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "service/link.h"

/// A link that is accepted reads the same after it was written out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using shoal::service::Link;
  try {
    const Link link = Link::parse(shoal::as_text({data, size}));
    const std::string text = link.to_string();
    if (text.size() <= Link::kMaxTextBytes) SHOAL_CHECK(Link::parse(text).to_string() == text);
  } catch (const shoal::Error&) {
  }
  return 0;
}
