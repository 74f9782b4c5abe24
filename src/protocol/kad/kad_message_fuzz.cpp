#include <cstdint>

#include "base/error.h"
#include "protocol/kad/message.h"

// A message of whatever bytes: within its bounds, and the same again when written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using shoal::kad::Message;
  using shoal::kad::PeerInfo;
  try {
    const Message message = Message::decode({data, size});
    SHOAL_CHECK(message.key.size() <= kad::kMaxKeyBytes);
    SHOAL_CHECK(message.closer.size() <= Message::kMaxPeers);
    SHOAL_CHECK(message.providers.size() <= Message::kMaxPeers);
    for (const PeerInfo& peer : message.closer) {
      SHOAL_CHECK(peer.addresses.size() <= PeerInfo::kMaxAddresses);
      for (const Multiaddr& address : peer.addresses) SHOAL_CHECK(address.encoded().size() > 0);
    }
    if (message.record) SHOAL_CHECK(message.record->value.size() <= kad::Record::kMaxValueBytes);
    SHOAL_CHECK(Message::decode(message.encode()) == message);
  } catch (const Error&) {
  }
  return 0;
}
