#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/given_random.h"
#include "crypto/keys.h"
#include "format/peer_id.h"
#include "net/security/tls/exchange.h"
#include "net/security/tls/identity.h"
#include "net/security/tls/key_schedule.h"
#include "system/time.h"

namespace shoal::tls {

struct HandshakeConfig {
  Role role;
  std::shared_ptr<const Identity> identity;
  /// Only this peer will do. Without it any peer is welcome.
  std::optional<PeerId> expected_peer;
  /// Muxers that we speak, best first; empty to leave the choice to multistream-select.
  std::vector<std::string> muxers;
  /// By which the peer's certificate has to be valid.
  WallTime now;
};

/// What a handshake ends in.
struct HandshakeResult {
  TrafficKeys keys;
  PeerId peer;
  crypto::PublicKey key;
  /// The first muxer of the client's list that the server speaks too; empty when one side knows
  /// nothing of early negotiation, and multistream-select has to choose.
  std::string muxer;
};

/// The handshake of libp2p specs, tls, without I/O: records in, records out. OpenSSL does TLS 1.3
/// (RFC 8446); which peer is acceptable is decided by verified_identity(). ALPN names the muxers
/// and then `libp2p` (specs, connections/inlined-muxer-negotiation).
///
///      client                                        server
///      advance({}): ClientHello  ─────────────────►  advance
///      advance                   ◄─────────────────  ServerHello … Certificate … Finished
///        peer known, muxer chosen
///      Certificate … Finished    ─────────────────►  advance
///      finished                                        peer known, finished
///
/// The client is finished before the server has seen its certificate: a refusal arrives as an alert
/// in place of data.
class Handshake final : public Exchange {
 public:
  /// Of all records of the peer, headers included: what somebody unknown can make us read.
  static constexpr std::size_t kMaxBytes = 20'000;

  /// Borrows `random` for its life.
  Handshake(HandshakeConfig config, const crypto::RandomFill& random);

  /// Once, when finished().
  HandshakeResult take_result();

  /// For Identity: the callbacks of all handshakes under its settings.
  static void set_callbacks(SSL_CTX* settings);

 private:
  struct Callbacks;
  void check_peer(ByteView certificate);
  bool has_proof() const override { return key_.has_value(); }
  std::string chosen_muxer() const;

  HandshakeConfig config_;
  const Bytes protocols_;  // for ALPN, each behind its length
  std::optional<crypto::PublicKey> key_;
};

}  // namespace shoal::tls
