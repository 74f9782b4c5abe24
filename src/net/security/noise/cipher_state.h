#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace shoal::noise {

inline constexpr std::size_t kTagBytes = crypto::ChaCha20Poly1305::kTagBytes;

/// A key and the number of messages under it: the CipherState of the Noise framework, section 5.1.
/// Nonces count up from 0; the last one, 2^64 - 1, is reserved and never used.
class CipherState {
 public:
  static constexpr std::uint64_t kMaxMessages = std::numeric_limits<std::uint64_t>::max();

  /// `key` has 32 bytes. `messages` is how many have gone before: other than 0 in tests only.
  explicit CipherState(ByteView key, std::uint64_t messages = 0);

  /// Both work as ChaCha20Poly1305 does on the same arguments, and throw Error{limit} when the
  /// nonces are used up. open() throws Error{malformed} for what is not authentic.
  void seal(ByteView associated, std::span<const ByteView> plaintext, MutableBytes out);
  void open(ByteView associated, ByteView sealed, MutableBytes out);

 private:
  crypto::ChaCha20Poly1305::Nonce nonce() const;

  crypto::ChaCha20Poly1305 cipher_;
  std::uint64_t messages_;
};

}  // namespace shoal::noise
