// A handshake whose records the input changes. The first byte says whether the client or the server
// is the honest side that is tried, and which flight is changed; then follow steps of three bytes:
// a place and what is XORed into it. The rest is put behind the flight as it is. Whatever comes, it
// ends in a failure or with the honest peer.

#include "base/error.h"
#include "net/security/tls/handshake_testing.h"

namespace {

using namespace shoal;
using namespace shoal::tls;

constexpr std::size_t kMaxSteps = 8;

void change(Bytes& flight, ByteView script) {
  std::size_t steps = 0;
  while (script.size() >= 3 && !flight.empty() && steps++ < kMaxSteps) {
    flight[(std::size_t{script[0]} << 8 | script[1]) % flight.size()] ^= script[2];
    script = script.subspan(3);
  }
  append(flight, script);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t changed = data[0] % 4;  // 3: only what the input says, to a server
  const ByteView script(data + 1, size - 1);
  tls::testing::TestPeer client(Role::client, 1);
  tls::testing::TestPeer server(Role::server, 2);
  try {
    Bytes hello = changed == 3 ? to_bytes(script) : client->advance({});
    if (changed == 0) change(hello, script);
    Bytes answer = tls::testing::feed(*server.handshake, hello);
    if (changed == 3) return 0;
    if (changed == 1) change(answer, script);
    Bytes last = tls::testing::feed(*client.handshake, answer);
    if (changed == 2) change(last, script);
    tls::testing::feed(*server.handshake, last);
    if (client->finished())
      SHOAL_CHECK(client->take_result().peer.matches(server.key.public_key()));
    if (server->finished())
      SHOAL_CHECK(server->take_result().peer.matches(client.key.public_key()));
  } catch (const Error&) {
  }
  return 0;
}
