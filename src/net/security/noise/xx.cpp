#include "net/security/noise/xx.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/wipe.h"

namespace shoal::noise {

namespace {

constexpr std::string_view kProtocolName = "Noise_XX_25519_ChaChaPoly_SHA256";
constexpr std::size_t kKeyBytes = sizeof(crypto::X25519Value);

ByteView take(ByteView& in, std::size_t bytes) {
  if (in.size() < bytes) throw Error(ErrorCode::malformed, "a Noise message is too short");
  const auto front = in.first(bytes);
  in = in.subspan(bytes);
  return front;
}

void mix_secret(SymmetricState& symmetric, const crypto::X25519KeyPair& ours, ByteView theirs) {
  auto secret = ours.shared_secret(theirs);
  symmetric.mix_key(secret);
  crypto::wipe(secret);
}

}  // namespace

XxHandshake::XxHandshake(Role role, const crypto::X25519KeyPair& static_key,
                         crypto::X25519KeyPair ephemeral_key)
    : role_(role),
      static_(&static_key),
      ephemeral_(std::move(ephemeral_key)),
      symmetric_(kProtocolName) {
  symmetric_.mix_hash({});  // the empty prologue
}

bool XxHandshake::is_writer() const {
  const bool initiators_turn = message_ % 2 == 0;
  return !finished() && message_ != kDead && initiators_turn == (role_ == Role::initiator);
}

Bytes XxHandshake::write_message(ByteView payload) {
  SHOAL_CHECK(is_writer());
  const int message = std::exchange(message_, kDead);
  Bytes out;
  if (message < 2) write_ephemeral(out);
  if (message == 1) mix_ephemeral_ephemeral();
  if (message > 0) write_static(out);
  if (message == 1) mix_initiators_ephemeral_responders_static();
  if (message == 2) mix_initiators_static_responders_ephemeral();
  symmetric_.encrypt_and_hash(payload, out);
  SHOAL_CHECK(out.size() <= kMaxMessageBytes);
  message_ = message + 1;
  return out;
}

Bytes XxHandshake::read_message(ByteView in) {
  SHOAL_CHECK(!is_writer() && !finished());
  const int message = std::exchange(message_, kDead);
  if (message == kDead) throw Error(ErrorCode::closed, "the Noise handshake has failed before");
  if (in.size() > kMaxMessageBytes) {
    throw Error(ErrorCode::limit, "a Noise message has more than 65535 bytes");
  }
  if (message < 2) read_ephemeral(in);
  if (message == 1) mix_ephemeral_ephemeral();
  if (message > 0) read_static(in);
  if (message == 1) mix_initiators_ephemeral_responders_static();
  if (message == 2) mix_initiators_static_responders_ephemeral();
  Bytes payload = symmetric_.decrypt_and_hash(in);
  message_ = message + 1;
  return payload;
}

std::pair<CipherState, CipherState> XxHandshake::split() const {
  SHOAL_CHECK(finished());
  auto ciphers = symmetric_.split();
  if (role_ == Role::responder) std::swap(ciphers.first, ciphers.second);
  return ciphers;
}

void XxHandshake::write_ephemeral(Bytes& out) {
  append(out, ephemeral_.public_key());
  symmetric_.mix_hash(ephemeral_.public_key());
}

void XxHandshake::read_ephemeral(ByteView& in) {
  std::ranges::copy(take(in, kKeyBytes), remote_ephemeral_.begin());
  symmetric_.mix_hash(remote_ephemeral_);
}

void XxHandshake::write_static(Bytes& out) {
  symmetric_.encrypt_and_hash(static_->public_key(), out);
}

void XxHandshake::read_static(ByteView& in) {
  const auto key = symmetric_.decrypt_and_hash(take(in, kKeyBytes + symmetric_.overhead_bytes()));
  std::ranges::copy(key, remote_static_.begin());
}

void XxHandshake::mix_ephemeral_ephemeral() {
  mix_secret(symmetric_, ephemeral_, remote_ephemeral_);
}

void XxHandshake::mix_initiators_ephemeral_responders_static() {
  if (role_ == Role::initiator) {
    mix_secret(symmetric_, ephemeral_, remote_static_);
  } else {
    mix_secret(symmetric_, *static_, remote_ephemeral_);
  }
}

void XxHandshake::mix_initiators_static_responders_ephemeral() {
  if (role_ == Role::initiator) {
    mix_secret(symmetric_, *static_, remote_ephemeral_);
  } else {
    mix_secret(symmetric_, ephemeral_, remote_static_);
  }
}

}  // namespace shoal::noise
