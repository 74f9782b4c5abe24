#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "net/limited_stream.h"
#include "net/resources/handshake_limiter.h"
#include "net/security/noise/handshake.h"
#include "net/security/pnet/network_key.h"
#include "net/security/secured.h"
#include "net/security/tls/identity.h"
#include "net/transport/transport.h"
#include "net/web_tls.h"
#include "system/system.h"

namespace shoal::net {

enum class Security { noise, tls };

struct UpgradeOptions {
  /// What we speak, best first; at least one. Noise saves a dialer half a round trip of TLS's: its
  /// first message is small and cheap, and everybody speaks it. Bulk data is faster by TLS with
  /// AES instructions (security_bench.cpp), which is the preference of those who ask for it.
  std::vector<Security> security = {Security::noise, Security::tls};
  /// Of the private network that this node is in; nobody else is spoken to then.
  std::optional<pnet::NetworkKey> network_key = {};
  /// For /tls/ws.
  WebTlsOptions web_tls = {};
};

/// Makes a bare byte stream between two hosts into a Link: negotiates security, secures, agrees on
/// a muxer (early, inside the handshake, where the other side can). Which protocols are offered is
/// decided here and nowhere else. Callers bound the time.
class Upgrader {
 public:
  /// `bandwidth` is borrowed for the upgrader's life and that of every link it makes.
  Upgrader(System& system, crypto::PrivateKey identity, Bandwidth bandwidth,
           UpgradeOptions options = {});

  /// The protocols to try when dialling, each with a stream of its own: the first message leaves
  /// with the proposal, so a peer that does not speak it (Error{unsupported}) cannot be asked for
  /// another one.
  std::span<const Security> security() const { return options_.security; }

  // For transports that secure and multiplex by themselves.
  const crypto::PrivateKey& identity() const { return identity_; }
  const Bandwidth& bandwidth() const { return bandwidth_; }
  HandshakeLimiter& gate() { return gate_; }
  /// For transports that look like HTTPS.
  WebTls& web_tls() { return web_tls_; }

  /// Error{refused} when somebody else than `peer` answers, or somebody outside of our private
  /// network.
  Task<Link> outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                      Multiaddr remote, Security security);
  /// By the best one.
  Task<Link> outbound(std::unique_ptr<Stream> stream, PeerId peer, Multiaddr local,
                      Multiaddr remote);
  Task<Link> inbound(std::unique_ptr<Stream> stream, Multiaddr local, Multiaddr remote);

 private:
  std::unique_ptr<Stream> prepare(std::unique_ptr<Stream> stream);
  Task<Security> agree_as_listener(Stream& stream);
  Task<Secured> secure(Security security, std::unique_ptr<Stream> stream, Direction direction,
                       std::optional<PeerId> peer);
  Task<Link> finish(Secured secured, Security security, Direction direction, Multiaddr local,
                    Multiaddr remote);
  void inject_fault(const Multiaddr& remote);
  const std::shared_ptr<const tls::Identity>& tls_identity();

  System& system_;
  const crypto::PrivateKey identity_;
  const std::shared_ptr<const noise::StaticKey> noise_key_;
  std::shared_ptr<const tls::Identity> tls_identity_;  // made when it is first needed
  Bandwidth bandwidth_;
  const UpgradeOptions options_;
  HandshakeLimiter gate_;
  WebTls web_tls_;
};

/// As multistream-select knows it.
std::string protocol_name(Security security);

}  // namespace shoal::net
