// A handshake whose records the input changes: whatever comes, it ends in a failure or with the
// honest peer.

#include "base/error.h"
#include "net/security/tls/handshake_testing.h"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  tls::testing::TestPeer client(tls::Role::client, 1);
  tls::testing::TestPeer server(tls::Role::server, 2);
  try {
    tls::testing::ChangedFlights({data, size}).shake_hands(*client.handshake, *server.handshake);
    if (client->finished())
      SHOAL_CHECK(client->take_result().peer.matches(server.key.public_key()));
    if (server->finished())
      SHOAL_CHECK(server->take_result().peer.matches(client.key.public_key()));
  } catch (const Error&) {
  }
  return 0;
}
