#include "net/security/noise/cipher_state.h"

#include "base/error.h"

namespace shoal::noise {

CipherState::CipherState(ByteView key, std::uint64_t messages)
    : cipher_(key), messages_(messages) {}

/// Noise, section 12.3: 32 zero bits, then the count, little-endian.
crypto::ChaCha20Poly1305::Nonce CipherState::nonce() const {
  if (messages_ == kMaxMessages) {
    throw Error(ErrorCode::limit, "the nonces of the Noise session are used up");
  }
  crypto::ChaCha20Poly1305::Nonce nonce{};
  for (std::size_t i = 0; i < sizeof(messages_); ++i) {
    nonce[4 + i] = static_cast<std::uint8_t>(messages_ >> (8 * i));
  }
  return nonce;
}

void CipherState::seal(ByteView associated, std::span<const ByteView> plaintext, MutableBytes out) {
  cipher_.seal(nonce(), associated, plaintext, out);
  ++messages_;
}

void CipherState::open(ByteView associated, ByteView sealed, MutableBytes out) {
  if (!cipher_.open(nonce(), associated, sealed, out)) {
    throw Error(ErrorCode::malformed, "a Noise message is not authentic");
  }
  ++messages_;
}

}  // namespace shoal::noise
