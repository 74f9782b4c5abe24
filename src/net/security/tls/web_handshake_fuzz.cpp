// A handshake of HTTPS whose records the input changes. The first byte says whether the client or
// the server is the honest side that is tried; then follow steps of three bytes: a place and what
// is XORed into it. The rest is put behind the flight as it is. Whatever comes, it ends in a
// failure, or both have the same keys.

#include "base/error.h"
#include "net/security/tls/handshake_testing.h"
#include "net/security/tls/web_handshake.h"

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
  const std::size_t changed = data[0] % 4;  // 3: only what the input says, to a server
  const ByteView script(data + 1, size - 1);
  Side client(Role::client, 1);
  Side server(Role::server, 2);
  try {
    Bytes hello = changed == 3 ? to_bytes(script) : client.handshake->advance({});
    if (changed == 0) change(hello, script);
    Bytes answer = testing::feed(*server.handshake, hello);
    if (changed == 3) return 0;
    if (changed == 1) change(answer, script);
    Bytes last = testing::feed(*client.handshake, answer);
    if (changed == 2) change(last, script);
    testing::feed(*server.handshake, last);
    if (client.handshake->finished() && server.handshake->finished()) {
      const TrafficKeys of_client = client.handshake->keys();
      SHOAL_CHECK(equal(of_client.send.bytes(), server.handshake->keys().receive.bytes()));
    }
  } catch (const Error&) {
  }
  return 0;
}
