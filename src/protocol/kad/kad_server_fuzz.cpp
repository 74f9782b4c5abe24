#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "protocol/kad/kad_testing.h"
#include "protocol/kad/server.h"

namespace {

using namespace shoal;

/// A server in a LAN that knows a few peers.
struct Fuzzed {
  Fuzzed() {
    for (std::uint32_t i = 1; i <= 30; ++i) {
      table.offer(kad::testing::peer_of(i), kad::IpGroup::of(kad::testing::public_ip(i)), {});
    }
  }
  static std::vector<Multiaddr> addresses(const PeerId&) {
    return {kad::testing::public_address(1)};
  }

  kad::testing::CountingRandom random;
  kad::Validators validators;
  kad::RoutingTable table{kad::Key::of(kad::testing::peer_of(0))};
  kad::ProviderStore providers{{.units = 100}};
  kad::ValueStore values{validators, 4096};
  kad::Server server{kad::testing::peer_of(0),
                     {table, providers, values},
                     addresses,
                     random,
                     kad::Server::Scope::lan};
};

}  // namespace

// Requests, each behind a byte that is its length, from one peer: each is refused or answered
// within the bounds, and the stores stay within theirs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fuzzed fuzzed;
  const PeerId from = PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
  const Multiaddr remote = kad::testing::public_address(2);
  ByteView rest{data, size};
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    const ByteView bytes = rest.subspan(1, length);
    rest = rest.subspan(1 + length);
    try {
      const auto request = kad::Message::decode(bytes);
      const auto answer = fuzzed.server.answer(request, from, remote, TimePoint{});
      if (!answer) continue;
      SHOAL_CHECK(answer->encode().size() <= kad::Server::kMaxAnswerBytes);
      SHOAL_CHECK(answer->closer.size() <= kad::kReplication);
    } catch (const Error&) {
    }
    SHOAL_CHECK(fuzzed.providers.units_used() <= 100);
    SHOAL_CHECK(fuzzed.values.bytes_used() <= 4096);
  }
  return 0;
}
