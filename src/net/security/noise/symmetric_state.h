#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "net/security/noise/cipher_state.h"

namespace shoal::noise {

/// All that both sides have said and agreed so far: the SymmetricState of the Noise framework,
/// section 5.2, for ChaChaPoly and SHA256. Both sides' are equal as long as nobody changed a byte
/// on the way.
class SymmetricState {
 public:
  /// `protocol_name` has at most 32 bytes.
  explicit SymmetricState(std::string_view protocol_name);
  ~SymmetricState();
  SymmetricState(SymmetricState&&) = default;
  SymmetricState& operator=(SymmetricState&&) = default;

  void mix_hash(ByteView data);
  void mix_key(ByteView input);

  /// How much longer a text becomes on the wire: nothing before the first key.
  std::size_t overhead_bytes() const { return cipher_ ? kTagBytes : 0; }
  void encrypt_and_hash(ByteView plaintext, Bytes& out);
  /// Throws Error{malformed} for what is not authentic.
  Bytes decrypt_and_hash(ByteView sealed);

  /// The ciphers of the data phase: initiator to responder, then the way back.
  std::pair<CipherState, CipherState> split() const;

 private:
  crypto::Sha256Digest chaining_key_{};
  crypto::Sha256Digest hash_{};
  std::optional<CipherState> cipher_;
};

}  // namespace shoal::noise
