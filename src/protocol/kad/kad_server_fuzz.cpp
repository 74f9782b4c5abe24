#include <cstdint>

#include "base/error.h"
#include "base/varint.h"
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

// Requests behind their lengths, from one peer: each is refused or answered within the bounds, and
// the stores stay within theirs.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Fuzzed fuzzed;
  const PeerId from = PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
  const Multiaddr remote = kad::testing::public_address(2);
  ByteView rest{data, size};
  while (!rest.empty()) {
    try {
      const std::uint64_t length = take_whole_varint(rest);
      if (length > rest.size()) return 0;
      const ByteView bytes = rest.first(length);
      rest = rest.subspan(length);
      const auto request = kad::Message::decode(bytes);
      const auto answer = fuzzed.server.answer(request, from, remote, TimePoint{});
      if (!answer) continue;
      SHOAL_CHECK(answer->encode().size() <= kad::Server::kMaxAnswerBytes);
      SHOAL_CHECK(answer->closer.size() <= kad::kReplication);
    } catch (const Error&) {
      if (rest.size() == size) return 0;
    }
    SHOAL_CHECK(fuzzed.providers.units_used() <= 100);
    SHOAL_CHECK(fuzzed.values.bytes_used() <= 4096);
  }
  return 0;
}
