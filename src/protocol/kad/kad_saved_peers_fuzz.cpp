#include <cstdint>

#include "base/error.h"
#include "protocol/kad/saved_peers.h"

// A damaged file of saved peers: what is read of it is within its bounds, and the same again when
// written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const auto peers = kad::decode_saved_peers({data, size});
  SHOAL_CHECK(peers.size() <= kad::kMaxSavedPeers);
  for (const kad::SavedPeer& peer : peers) {
    SHOAL_CHECK(peer.addresses.size() <= kad::SavedPeer::kMaxAddresses);
  }
  SHOAL_CHECK(kad::decode_saved_peers(kad::encode_saved_peers(peers)) == peers);
  return 0;
}
