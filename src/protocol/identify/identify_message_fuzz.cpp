#include <cstdint>

#include "base/error.h"
#include "base/varint.h"
#include "protocol/identify/message.h"

// Messages behind their lengths, merged as one answer: within its bounds, and the same again when
// written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using shoal::identify::Message;
  ByteView rest{data, size};
  try {
    Message merged;
    while (!rest.empty()) {
      const std::uint64_t length = take_whole_varint(rest);
      if (length > rest.size()) return 0;
      merged.merge(rest.first(length));
      rest = rest.subspan(length);
      SHOAL_CHECK(merged.protocols.size() <= Message::kMaxProtocols);
      SHOAL_CHECK(merged.listen_addresses.size() <= Message::kMaxAddresses);
      SHOAL_CHECK(merged.agent_version.size() <= Message::kMaxNameBytes);
    }
    Message again;
    again.merge(merged.encode());
    SHOAL_CHECK(again.protocols == merged.protocols && again.encode() == merged.encode());
  } catch (const Error&) {
  }
  return 0;
}
