#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "protocol/portmap/upnp_message.h"

// What devices of the local network say. The first byte chooses what was asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::portmap;
  if (size == 0) return 0;
  const std::string_view text = as_text(ByteView(data + 1, size - 1));
  const upnp::Url from{.host = {IpAddress::v4({192, 168, 1, 1}), 80}, .path = "/"};
  try {
    switch (data[0] % 4) {
      case 0: {
        const auto place = upnp::decode_search_answer(text);
        if (place) SHOAL_CHECK(place->path.size() <= upnp::kMaxUrlBytes + 1);
        break;
      }
      case 1: {
        const upnp::Service service = upnp::decode_description(text, from);
        SHOAL_CHECK(service.control.host.address == from.host.address);
        break;
      }
      case 2: {
        const auto answer = upnp::decode_http(text, (data[0] & 0x80) != 0);
        if (!answer) break;
        SHOAL_CHECK(answer->body.size() <= upnp::kMaxHttpBytes);
        SHOAL_CHECK(upnp::decode_refusal(*answer).reason.size() <= upnp::kMaxReasonBytes);
        break;
      }
      default:
        upnp::decode_outside(text);
    }
  } catch (const Error&) {
  }
  return 0;
}
