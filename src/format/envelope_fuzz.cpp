#include <algorithm>
#include <optional>

#include "base/error.h"
#include "format/envelope.h"
#include "format/peer_record.h"

namespace {

using namespace shoal;

constexpr std::string_view kDomain = "fuzz";

void try_opening(ByteView input) {
  try {
    open_envelope(input, kDomain, input.first(std::min<std::size_t>(input.size(), 2)));
  } catch (const Error&) {
  }
  std::optional<PeerRecord> record;
  try {
    record = open_peer_record(input);
  } catch (const Error&) {
    return;
  }
  SHOAL_CHECK(record->addresses.size() <= PeerRecord::kMaxAddresses);
}

/// A signed payload comes back as it was; with any one bit changed it does not come back at all,
/// or, where the bit belongs to nothing, unchanged.
void check_sealing(const crypto::PrivateKey& key, ByteView type, ByteView payload,
                   std::size_t bit) {
  Bytes sealed = seal_envelope(key, kDomain, type, payload);
  SHOAL_CHECK(equal(open_envelope(sealed, kDomain, type).payload, payload));
  sealed[bit / 8 % sealed.size()] ^= static_cast<std::uint8_t>(1U << bit % 8);
  try {
    const Envelope changed = open_envelope(sealed, kDomain, type);
    SHOAL_CHECK(equal(changed.payload, payload) && changed.signer == key.public_key());
  } catch (const Error&) {
  }
}

/// The input as the signed content of a record, behind a signature that is good.
void check_record(const crypto::PrivateKey& key, ByteView payload) {
  constexpr std::uint8_t kType[] = {0x03, 0x01};
  try {
    const PeerRecord record =
        open_peer_record(seal_envelope(key, "libp2p-peer-record", kType, payload));
    SHOAL_CHECK(record.id.matches(key.public_key()));
    const Bytes again = seal_peer_record(key, record.seq, record.addresses);
    SHOAL_CHECK(open_peer_record(again) == record);
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, std::min<std::size_t>(size, 4096));
  try_opening(input);
  if (input.size() < 4) return 0;
  const auto key = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1));
  check_sealing(key, input.first(2), input.subspan(4), input[2] << 8 | input[3]);
  check_record(key, input);
  return 0;
}
