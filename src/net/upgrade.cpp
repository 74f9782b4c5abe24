#include "net/upgrade.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "crypto/wipe.h"
#include "net/muxer/yamux/yamux.h"
#include "net/negotiation/negotiate.h"
#include "net/read_ahead.h"
#include "net/security/noise/noise.h"

namespace shoal::net {

namespace {

const std::array<std::string, 1> kSecurityProtocols = {kNoiseProtocol};
const std::array<std::string, 1> kMuxerProtocols = {kYamuxProtocol};

Task<std::string> negotiate(Stream& stream, Direction direction,
                            std::span<const std::string> protocols) {
  if (direction == Direction::outbound) {
    co_return co_await negotiate_as_dialer(stream, protocols);
  }
  const auto speaks = [protocols](const std::string& name) {
    return std::ranges::find(protocols, name) != protocols.end();
  };
  co_return co_await negotiate_as_listener(stream, speaks);
}

/// As there is but one security protocol, its first message leaves with the proposal: that saves
/// the dialer a round trip.
Task<std::unique_ptr<Stream>> agree_on_security(std::unique_ptr<Stream> stream,
                                                Direction direction) {
  static_assert(kSecurityProtocols.size() == 1);
  if (direction == Direction::outbound) {
    co_return negotiate_lazily(std::move(stream), kNoiseProtocol);
  }
  co_await negotiate(*stream, direction, kSecurityProtocols);
  co_return stream;
}

std::shared_ptr<const noise::StaticKey> make_noise_key(System& system,
                                                       const crypto::PrivateKey& identity) {
  std::array<std::uint8_t, 32> secret{};
  system.random.fill(secret);
  auto key = noise::StaticKey::make(identity, secret);
  crypto::wipe(secret);
  return key;
}

}  // namespace

Upgrader::Upgrader(System& system, const crypto::PrivateKey& identity, Bandwidth bandwidth)
    : system_(system),
      noise_key_(make_noise_key(system, identity)),
      bandwidth_(bandwidth),
      gate_(system) {}

Task<Link> Upgrader::outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                              Multiaddr remote) {
  return upgrade(std::move(stream), std::move(peer), std::move(local), std::move(remote));
}

Task<Link> Upgrader::inbound(std::unique_ptr<Stream> stream, Multiaddr local, Multiaddr remote) {
  return upgrade(std::move(stream), std::nullopt, std::move(local), std::move(remote));
}

Task<Link> Upgrader::upgrade(std::unique_ptr<Stream> stream, std::optional<PeerId> peer,
                             Multiaddr local, Multiaddr remote) {
  const Direction direction = peer ? Direction::outbound : Direction::inbound;
  if (system_.faults.strikes("net.handshake")) {
    throw Error(ErrorCode::closed, "the handshake broke off", remote.to_string());
  }
  auto limited = std::make_unique<LimitedStream>(std::move(stream), bandwidth_);
  std::unique_ptr<Stream> ahead = std::make_unique<ReadAhead>(std::move(limited));
  std::unique_ptr<Stream> agreed = co_await agree_on_security(std::move(ahead), direction);
  if (direction == Direction::inbound) co_await gate_.enter(remote);
  Secured secured = co_await secure_with_noise(system_, noise_key_, std::move(agreed), direction,
                                               std::move(peer), kMuxerProtocols);
  std::string muxer = secured.muxer;
  if (muxer.empty()) muxer = co_await negotiate(*secured.stream, direction, kMuxerProtocols);
  co_return Link{.peer = std::move(secured.peer),
                 .key = std::move(secured.key),
                 .muxer = make_yamux(system_, std::move(secured.stream), direction),
                 .local = std::move(local),
                 .remote = std::move(remote),
                 .security = kNoiseProtocol,
                 .muxer_protocol = std::move(muxer)};
}

}  // namespace shoal::net
