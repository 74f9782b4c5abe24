#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "routing/delegated_answer.h"

// An answer of whatever text: within its bounds. The first byte says whether it is lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  if (size == 0) return 0;
  const std::string_view text = as_text(ByteView{data + 1, size - 1});
  try {
    const auto found = routing::decode_delegated(text, data[0] % 2 == 0);
    SHOAL_CHECK(found.size() <= routing::kMaxDelegatedPeers);
    for (const routing::DelegatedPeer& peer : found) {
      SHOAL_CHECK(peer.addresses.size() <= routing::DelegatedPeer::kMaxAddresses);
      for (const Multiaddr& address : peer.addresses) SHOAL_CHECK(!address.peer());
    }
  } catch (const Error&) {
  }
  return 0;
}
