#include "format/peer_record.h"

#include "base/error.h"
#include "format/envelope.h"

// The input as the signed content of a record, behind a signature that is good.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  constexpr std::uint8_t kType[] = {0x03, 0x01};
  static const auto kKey = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1));
  try {
    const PeerRecord record =
        open_peer_record(seal_envelope(kKey, "libp2p-peer-record", kType, {data, size}));
    SHOAL_CHECK(record.id.matches(kKey.public_key()));
    SHOAL_CHECK(record.addresses.size() <= PeerRecord::kMaxAddresses);
    const Bytes again = seal_peer_record(kKey, record.seq, record.addresses);
    SHOAL_CHECK(open_peer_record(again) == record);
  } catch (const Error&) {
  }
  return 0;
}
