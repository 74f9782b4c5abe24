#include "net/security/noise/handshake.h"

#include <algorithm>

#include "base/error.h"
#include "crypto/wipe.h"

namespace shoal::noise {

std::shared_ptr<const StaticKey> StaticKey::make(const crypto::PrivateKey& identity,
                                                 ByteView secret) {
  crypto::X25519KeyPair pair(secret);
  HandshakePayload proof = signed_payload(identity, pair.public_key(), {});
  return std::make_shared<const StaticKey>(StaticKey{std::move(pair), std::move(proof)});
}

Handshake::Handshake(HandshakeConfig config)
    : config_(std::move(config)),
      xx_(config_.role, config_.static_key->pair, crypto::X25519KeyPair(config_.ephemeral_secret)) {
  crypto::wipe(config_.ephemeral_secret);
}

Bytes Handshake::write_message() {
  SHOAL_CHECK(is_writer());
  Bytes payload;
  if (xx_.message() > 0) {
    HandshakePayload ours = config_.static_key->proof;
    ours.stream_muxers = config_.muxers;
    payload = encode_payload(ours);
  }
  const auto message = xx_.write_message(payload);
  Bytes framed{static_cast<std::uint8_t>(message.size() >> 8),
               static_cast<std::uint8_t>(message.size())};
  append(framed, message);
  return framed;
}

std::size_t Handshake::message_bytes(ByteView length) {
  SHOAL_CHECK(length.size() == kLengthBytes);
  const std::size_t bytes = std::size_t{length[0]} << 8 | length[1];
  if (bytes > kMaxMessageBytes) {
    throw Error(ErrorCode::limit, "a message of the Noise handshake has more than 8192 bytes");
  }
  return bytes;
}

void Handshake::read_message(ByteView message) {
  if (message.size() > kMaxMessageBytes) {
    throw Error(ErrorCode::limit, "a message of the Noise handshake has more than 8192 bytes");
  }
  const bool is_first = xx_.message() == 0;
  const auto payload = xx_.read_message(message);
  if (!is_first) {
    accept_payload(decode_payload(payload));
  } else if (!payload.empty()) {
    throw Error(ErrorCode::malformed, "the first message of the Noise handshake has a payload");
  }
}

void Handshake::accept_payload(const HandshakePayload& payload) {
  auto key = verified_identity(payload, xx_.remote_static());
  const auto peer = PeerId::from_public_key(key);
  if (config_.expected_peer && *config_.expected_peer != peer) {
    throw Error(ErrorCode::refused, "another peer answered: " + peer.to_string(),
                config_.expected_peer->to_string());
  }
  muxer_ = choose_muxer(payload.stream_muxers);
  remote_key_ = std::move(key);
}

/// connections/inlined-muxer-negotiation: the first of the initiator's that both speak.
std::string Handshake::choose_muxer(const std::vector<std::string>& theirs) const {
  if (theirs.empty() || config_.muxers.empty()) return {};
  const bool initiator = config_.role == Role::initiator;
  const auto& preferred = initiator ? config_.muxers : theirs;
  const auto& spoken = initiator ? theirs : config_.muxers;
  const auto chosen = std::ranges::find_first_of(preferred, spoken);
  if (chosen == preferred.end()) {
    throw Error(ErrorCode::unsupported, "the peer speaks none of our stream muxers");
  }
  return *chosen;
}

HandshakeResult Handshake::take_result() {
  SHOAL_CHECK(finished());
  auto [send, receive] = xx_.split();
  auto peer = PeerId::from_public_key(*remote_key_);
  return {std::move(send), std::move(receive), std::move(peer), std::move(*remote_key_),
          std::move(muxer_)};
}

}  // namespace shoal::noise
