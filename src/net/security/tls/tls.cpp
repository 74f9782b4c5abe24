#include "net/security/tls/tls.h"

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/security/tls/handshake.h"
#include "net/security/tls/tls_stream.h"

namespace shoal::net {

namespace {

Task<Bytes> read_handshake_record(Stream& stream) {
  Bytes record(tls::Handshake::kHeaderBytes);
  co_await read_exactly(stream, record);
  const std::size_t body = tls::Handshake::body_bytes(record);
  record.resize(record.size() + body);
  co_await read_exactly(stream, MutableBytes(record).subspan(tls::Handshake::kHeaderBytes));
  co_return record;
}

/// The peer may have gone meanwhile, which is not what went wrong.
Task<void> tell_failure(Stream& stream, Bytes alert) {
  try {
    if (!alert.empty()) co_await write_all(stream, alert);
  } catch (const Error&) {
  }
}

}  // namespace

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
  while (true) {
    const Bytes answer = handshake.advance(record);
    if (handshake.failure()) {
      co_await tell_failure(*stream, answer);
      throw Error(*handshake.failure());
    }
    if (!answer.empty()) co_await write_all(*stream, answer);
    if (handshake.finished()) break;
    record = co_await read_handshake_record(*stream);
  }
  tls::HandshakeResult result = handshake.take_result();
  auto channel = std::make_unique<TlsStream>(std::move(stream), result);
  co_return Secured{.stream = std::move(channel),
                    .peer = std::move(result.peer),
                    .key = std::move(result.key),
                    .muxer = std::move(result.muxer)};
}

}  // namespace shoal::net
