#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/keys.h"
#include "format/peer_id.h"
#include "net/security/noise/payload.h"
#include "net/security/noise/xx.h"

namespace shoal::noise {

/// The name that multistream-select knows it by.
inline constexpr std::string_view kProtocolId = "/noise";

/// A static key, and the identity's word that it is its own: made once, good for all handshakes of
/// a run.
struct StaticKey {
  crypto::X25519KeyPair pair;
  HandshakePayload proof;

  /// `secret`: 32 bytes from a generator of secrets.
  static std::shared_ptr<const StaticKey> make(const crypto::PrivateKey& identity, ByteView secret);
};

struct HandshakeConfig {
  Role role;
  std::shared_ptr<const StaticKey> static_key;
  /// 32 bytes from a generator of secrets, never twice.
  std::array<std::uint8_t, 32> ephemeral_secret;
  /// Only this peer will do. Without it any peer is welcome.
  std::optional<PeerId> expected_peer;
  /// Muxers that we speak, best first; empty to leave the choice to multistream-select.
  std::vector<std::string> muxers;
};

/// What a handshake ends in.
struct HandshakeResult {
  CipherState send;
  CipherState receive;
  PeerId peer;
  crypto::PublicKey key;
  /// The first muxer of the initiator's list that the responder speaks too; empty when one side
  /// named none, and multistream-select has to choose.
  std::string muxer;
};

/// The handshake of libp2p's noise spec, without I/O: XX, with a payload in messages 1 and 2 in
/// which each side's identity signs its static key.
///
///      initiator                                     responder
///      write_message: e          ─────────────────►  read_message
///      read_message              ◄─────────────────  write_message: e, ee, s, es, payload
///        peer known, muxer chosen
///      write_message: s, se, payload  ────────────►  read_message
///      finished                                        peer known, muxer chosen, finished
///
/// On the wire a message follows its length (2 bytes, big-endian); write_message() has put it in
/// front, read_message() is given the message alone. Every error is final: close the connection.
class Handshake {
 public:
  /// Far above the largest honest message (an RSA key of 8192 bits and its signature), far below
  /// the 65535 bytes of the framing: what an unknown peer can make us hold.
  static constexpr std::size_t kMaxMessageBytes = 8192;
  static constexpr std::size_t kLengthBytes = 2;

  explicit Handshake(HandshakeConfig config);

  bool finished() const { return xx_.finished() && remote_key_; }
  /// Never again once the peer turned out to be nobody we want to talk to.
  bool is_writer() const { return xx_.is_writer() && (xx_.message() < 2 || remote_key_); }

  /// The bytes to send, when is_writer().
  Bytes write_message();

  /// The length of the message that the two bytes announce. Throws Error{limit}.
  static std::size_t message_bytes(ByteView length);
  /// When neither is_writer() nor finished(). Throws Error{malformed} or {limit} for what does not
  /// follow the protocol, Error{refused} for another peer than the expected one, and
  /// Error{unsupported} when both sides named muxers but none in common.
  void read_message(ByteView message);

  /// Once, when finished().
  HandshakeResult take_result();

 private:
  void accept_payload(const HandshakePayload& payload);
  std::string choose_muxer(const std::vector<std::string>& theirs) const;

  HandshakeConfig config_;
  XxHandshake xx_;
  std::optional<crypto::PublicKey> remote_key_;
  std::string muxer_;
};

}  // namespace shoal::noise
