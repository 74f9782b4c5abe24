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
#include "net/security/pnet/private_stream.h"
#include "net/security/tls/tls.h"

namespace shoal::net {

namespace {

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

std::shared_ptr<const noise::StaticKey> make_noise_key(System& system,
                                                       const crypto::PrivateKey& identity) {
  std::array<std::uint8_t, 32> secret{};
  system.random.fill(secret);
  auto key = noise::StaticKey::make(identity, secret);
  crypto::wipe(secret);
  return key;
}

}  // namespace

std::string protocol_name(Security security) {
  return security == Security::noise ? kNoiseProtocol : kTlsProtocol;
}

Upgrader::Upgrader(System& system, crypto::PrivateKey identity, Bandwidth bandwidth,
                   UpgradeOptions options)
    : system_(system),
      identity_(std::move(identity)),
      noise_key_(make_noise_key(system, identity_)),
      bandwidth_(bandwidth),
      options_(std::move(options)),
      gate_(system),
      web_tls_(system, gate_, options_.web_tls) {
  SHOAL_CHECK(!options_.security.empty());
}

Task<Link> Upgrader::outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                              Multiaddr remote) {
  return outbound(std::move(stream), std::move(peer), std::move(local), std::move(remote),
                  options_.security.front());
}

/// The first message leaves with the proposal: that saves the dialer a round trip.
Task<Link> Upgrader::outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                              Multiaddr remote, Security security) {
  inject_fault(remote);
  auto agreed = negotiate_lazily(prepare(std::move(stream)), protocol_name(security));
  Secured secured =
      co_await secure(security, std::move(agreed), Direction::outbound, std::move(peer));
  co_return co_await finish(std::move(secured), security, Direction::outbound, std::move(local),
                            std::move(remote));
}

Task<Link> Upgrader::inbound(std::unique_ptr<Stream> stream, Multiaddr local, Multiaddr remote) {
  inject_fault(remote);
  std::unique_ptr<Stream> prepared = prepare(std::move(stream));
  const Security security = co_await agree_as_listener(*prepared);
  co_await gate_.enter(remote);
  Secured secured =
      co_await secure(security, std::move(prepared), Direction::inbound, std::nullopt);
  co_return co_await finish(std::move(secured), security, Direction::inbound, std::move(local),
                            std::move(remote));
}

void Upgrader::inject_fault(const Multiaddr& remote) {
  if (!system_.faults.fires("net.handshake")) return;
  throw Error(ErrorCode::closed, "the handshake broke off", remote.to_string());
}

std::unique_ptr<Stream> Upgrader::prepare(std::unique_ptr<Stream> stream) {
  std::unique_ptr<Stream> out = std::make_unique<LimitedStream>(std::move(stream), bandwidth_);
  if (options_.network_key) {
    out = make_private(system_.random, std::move(out), *options_.network_key);
  }
  return std::make_unique<ReadAhead>(std::move(out));
}

Task<Security> Upgrader::agree_as_listener(Stream& stream) {
  std::vector<std::string> names;
  for (const Security each : options_.security) names.push_back(protocol_name(each));
  const std::string name = co_await negotiate(stream, Direction::inbound, names);
  co_return name == kTlsProtocol ? Security::tls : Security::noise;
}

Task<Secured> Upgrader::secure(Security security, std::unique_ptr<Stream> stream,
                               Direction direction, std::optional<PeerId> peer) {
  if (security == Security::tls) {
    return secure_with_tls(system_, tls_identity(), std::move(stream), direction, std::move(peer),
                           kMuxerProtocols);
  }
  return secure_with_noise(system_, noise_key_, std::move(stream), direction, std::move(peer),
                           kMuxerProtocols);
}

Task<Link> Upgrader::finish(Secured secured, Security security, Direction direction,
                            Multiaddr local, Multiaddr remote) {
  std::string muxer = secured.muxer;
  if (muxer.empty()) muxer = co_await negotiate(*secured.stream, direction, kMuxerProtocols);
  co_return Link{.peer = std::move(secured.peer),
                 .key = std::move(secured.key),
                 .muxer = make_yamux(system_, std::move(secured.stream), direction),
                 .local = std::move(local),
                 .remote = std::move(remote),
                 .security = protocol_name(security),
                 .muxer_protocol = std::move(muxer)};
}

const std::shared_ptr<const tls::Identity>& Upgrader::tls_identity() {
  if (!tls_identity_) {
    tls_identity_ =
        tls::Identity::make(identity_, [this](MutableBytes out) { system_.random.fill(out); });
  }
  return tls_identity_;
}

}  // namespace shoal::net
