#include <cstdint>

#include "base/error.h"
#include "protocol/dcutr/dcutr_message.h"

// A message of whatever bytes: within its bounds, and the same again when written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using shoal::dcutr::Message;
  try {
    const Message message = Message::decode({data, size});
    SHOAL_CHECK(message.addresses.size() <= Message::kMaxAddresses);
    for (const Multiaddr& address : message.addresses) SHOAL_CHECK(!address.peer());
    const Bytes written = message.encode();
    if (written.size() <= Message::kMaxBytes) SHOAL_CHECK(Message::decode(written) == message);
  } catch (const Error&) {
  }
  return 0;
}
