#include "net/security/tls/tls.h"

#include <utility>

#include "net/security/tls/handshake.h"
#include "net/security/tls/run_handshake.h"
#include "net/security/tls/tls_stream.h"

namespace shoal::net {

Task<Secured> secure_with_tls(System& system, std::shared_ptr<const tls::Identity> identity,
                              std::unique_ptr<Stream> stream, Direction direction,
                              std::optional<PeerId> expected, std::span<const std::string> muxers) {
  const bool is_client = direction == Direction::outbound;
  // Who only connects costs no arithmetic.
  Bytes record;
  if (!is_client) record = co_await read_handshake_record(*stream);
  const crypto::RandomFill random = [&system](MutableBytes out) { system.random.fill(out); };
  tls::Handshake handshake({.role = is_client ? tls::Role::client : tls::Role::server,
                            .identity = std::move(identity),
                            .expected_peer = std::move(expected),
                            .muxers = {muxers.begin(), muxers.end()},
                            .now = system.clock.wall_now()},
                           random);
  co_await run_handshake(*stream, handshake, std::move(record));
  tls::HandshakeResult result = handshake.take_result();
  auto channel = std::make_unique<TlsStream>(std::move(stream), result.keys);
  co_return Secured{.stream = std::move(channel),
                    .peer = std::move(result.peer),
                    .key = std::move(result.key),
                    .muxer = std::move(result.muxer)};
}

}  // namespace shoal::net
