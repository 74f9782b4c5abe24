// A handshake of HTTPS whose records the input changes: whatever comes, it ends in a failure, or
// both have the same keys.

#include "base/error.h"
#include "net/security/tls/handshake_testing.h"
#include "net/security/tls/web_handshake.h"

namespace {

using namespace shoal;
using namespace shoal::tls;

struct Side {
  Side(Role role, std::uint8_t seed) : random(testing::counting_random(seed)) {
    auto settings = role == Role::server ? WebSettings::self_made_server(random)
                                         : WebSettings::client(nullptr, random);
    handshake = std::make_unique<WebHandshake>(
        WebHandshakeConfig{
            .role = role, .settings = std::move(settings), .now = testing::kTestTime},
        random);
  }

  crypto::RandomFill random;
  std::unique_ptr<WebHandshake> handshake;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Side client(Role::client, 1);
  Side server(Role::server, 2);
  try {
    testing::ChangedFlights({data, size}).shake_hands(*client.handshake, *server.handshake);
    if (client.handshake->finished() && server.handshake->finished()) {
      const TrafficKeys of_client = client.handshake->keys();
      SHOAL_CHECK(equal(of_client.send.bytes(), server.handshake->keys().receive.bytes()));
    }
  } catch (const Error&) {
  }
  return 0;
}
