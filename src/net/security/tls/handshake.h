#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/given_random.h"
#include "crypto/keys.h"
#include "format/peer_id.h"
#include "net/security/tls/identity.h"
#include "net/security/tls/key_schedule.h"
#include "system/time.h"

typedef struct ssl_st SSL;
typedef struct bio_st BIO;

namespace shoal::tls {

enum class Role { client, server };

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
  Suite suite;
  TrafficSecret send;
  TrafficSecret receive;
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
class Handshake {
 public:
  static constexpr std::size_t kHeaderBytes = 5;
  /// Of one record. Far above an honest handshake's largest.
  static constexpr std::size_t kMaxRecordBytes = kHeaderBytes + 16'384 + 256;
  /// Of all records of the peer, headers included: what somebody unknown can make us read.
  static constexpr std::size_t kMaxBytes = 20'000;

  /// Borrows `random` for its life.
  Handshake(HandshakeConfig config, const crypto::RandomFill& random);
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  /// The size of the body behind a record's header. Throws Error{malformed} for what is not TLS,
  /// {limit}.
  static std::size_t body_bytes(ByteView header);

  /// Takes the next record of the peer; at first a client is given nothing. Returns what to send,
  /// which may be an alert that tells the peer why it failed: send it, then look at failure().
  Bytes advance(ByteView record);

  /// Final. Error{refused} for another peer than the expected one, {malformed} or {limit} for a
  /// certificate or message that is not acceptable, {unsupported} when there is no common version,
  /// cipher or application protocol, {closed} for an alert of the peer.
  const std::optional<Error>& failure() const { return failure_; }
  bool finished() const { return finished_; }
  /// Once, when finished().
  HandshakeResult take_result();

  /// For Identity: the callbacks of all handshakes under its settings.
  static void set_callbacks(SSL_CTX* settings);

 private:
  struct Callbacks;
  void check_peer(ByteView certificate);
  void keep_secret(std::string_view key_log_line);
  void run();
  void fail();
  std::string chosen_muxer() const;
  Bytes take_output();

  HandshakeConfig config_;
  const crypto::RandomFill& random_;
  const Bytes protocols_;  // for ALPN, each behind its length
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;   // owned by ssl_
  BIO* out_ = nullptr;  // the same
  std::size_t received_bytes_ = 0;
  bool finished_ = false;
  std::optional<Error> failure_;
  std::optional<crypto::PublicKey> key_;
  std::optional<TrafficSecret> client_secret_;
  std::optional<TrafficSecret> server_secret_;
};

}  // namespace shoal::tls
