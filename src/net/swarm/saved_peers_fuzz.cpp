#include "net/swarm/saved_peers.h"

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  try {
    const net::SavedPeers saved = net::decode_saved_peers({data, size});
    SHOAL_CHECK(saved.peers.size() <= net::SavedPeers::kMaxPeers);
    for (const net::SavedPeer& peer : saved.peers) {
      SHOAL_CHECK(peer.addresses.size() <= net::SavedPeers::kMaxAddressesPerPeer);
    }
    SHOAL_CHECK(net::decode_saved_peers(net::encode_saved_peers(saved, size)) == saved);
  } catch (const Error&) {
  }
  return 0;
}
