#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"
#include "crypto/x25519.h"
#include "net/security/noise/symmetric_state.h"

namespace shoal::noise {

enum class Role { initiator, responder };

/// The handshake pattern XX of the Noise framework (section 7.5) with 25519, ChaChaPoly and SHA256
/// and without prologue, for any payloads:
///
///     message 0   initiator ->  e
///     message 1   responder ->  e, ee, s, es
///     message 2   initiator ->  s, se
///
/// Keys and payload of message 0 are readable by everybody; the payload of message 1 goes to
/// whoever sent message 0; that of message 2 only to the owner of the responder's static key.
///
/// write_message() and read_message() are called in turn until finished(). After either threw, the
/// handshake is dead: the connection is to be closed.
class XxHandshake {
 public:
  static constexpr std::size_t kMaxMessageBytes = 65535;

  /// Borrows the static key for its life.
  XxHandshake(Role role, const crypto::X25519KeyPair& static_key,
              crypto::X25519KeyPair ephemeral_key);

  bool finished() const { return message_ == kMessages; }
  /// Whether it is our turn to write.
  bool is_writer() const;
  /// The number of the message to be written or read next.
  int message() const { return message_; }

  /// The message with `payload` in it, at most kMaxMessageBytes in all.
  Bytes write_message(ByteView payload);
  /// The payload. Throws Error{malformed} for anything but what the other side of this very
  /// handshake would send.
  Bytes read_message(ByteView message);

  /// Known once message 1 (initiator) or 2 (responder) was read.
  const crypto::X25519Value& remote_static() const { return remote_static_; }
  const crypto::X25519Value& local_static() const { return static_->public_key(); }
  /// Once finished: the cipher to send with and the one to receive with.
  std::pair<CipherState, CipherState> split() const;

 private:
  static constexpr int kMessages = 3;
  static constexpr int kDead = -1;

  void write_ephemeral(Bytes& out);
  void read_ephemeral(ByteView& in);
  void write_static(Bytes& out);
  void read_static(ByteView& in);
  void mix_ephemeral_ephemeral();
  void mix_initiators_ephemeral_responders_static();
  void mix_initiators_static_responders_ephemeral();

  Role role_;
  const crypto::X25519KeyPair* static_;
  crypto::X25519KeyPair ephemeral_;
  crypto::X25519Value remote_static_{};
  crypto::X25519Value remote_ephemeral_{};
  SymmetricState symmetric_;
  int message_ = 0;
};

}  // namespace shoal::noise
