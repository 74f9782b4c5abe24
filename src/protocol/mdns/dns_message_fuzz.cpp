#include "protocol/mdns/dns_message.h"

#include "base/error.h"
#include "protocol/mdns/peer_message.h"

// Whatever is read is written in a form that reads the same, unless compression that we do not use
// made it fit; and what it says of peers stays within the bounds.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  using namespace shoal::mdns;
  const DnsName service = DnsName::parse(kServiceName);
  try {
    const DnsMessage message = DnsMessage::decode({data, size});
    const auto peers = announced_peers(message, service);
    SHOAL_CHECK(peers.size() <= AnnouncedPeer::kMaxPerMessage);
    for (const AnnouncedPeer& each : peers) {
      SHOAL_CHECK(!each.addresses.empty());
      SHOAL_CHECK(each.addresses.size() <= AnnouncedPeer::kMaxAddresses);
    }
    const auto gone = withdrawn_instances(message, service);
    SHOAL_CHECK(gone.size() <= AnnouncedPeer::kMaxPerMessage);
    SHOAL_CHECK(DnsMessage::decode(message.encode()) == message);
  } catch (const Error&) {
  }
  return 0;
}
