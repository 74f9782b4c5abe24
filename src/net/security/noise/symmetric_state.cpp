#include "net/security/noise/symmetric_state.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "crypto/hkdf.h"
#include "crypto/wipe.h"

namespace shoal::noise {

SymmetricState::SymmetricState(std::string_view protocol_name) {
  SHOAL_CHECK(protocol_name.size() <= hash_.size());
  std::ranges::copy(protocol_name, hash_.begin());
  chaining_key_ = hash_;
}

SymmetricState::~SymmetricState() {
  crypto::wipe(chaining_key_);
}

void SymmetricState::mix_hash(ByteView data) {
  hash_ = crypto::sha256_of(std::array<ByteView, 2>{hash_, data});
}

void SymmetricState::mix_key(ByteView input) {
  auto [chaining_key, key] = crypto::hkdf_sha256<2>(chaining_key_, input);
  chaining_key_ = chaining_key;
  cipher_.emplace(key);
  crypto::wipe(chaining_key);
  crypto::wipe(key);
}

void SymmetricState::encrypt_and_hash(ByteView plaintext, Bytes& out) {
  const std::size_t at = out.size();
  out.resize(at + plaintext.size() + overhead_bytes());
  const auto sealed = MutableBytes(out).subspan(at);
  if (cipher_) {
    cipher_->seal(hash_, {&plaintext, 1}, sealed);
  } else {
    std::ranges::copy(plaintext, sealed.begin());
  }
  mix_hash(sealed);
}

Bytes SymmetricState::decrypt_and_hash(ByteView sealed) {
  if (sealed.size() < overhead_bytes()) {
    throw Error(ErrorCode::malformed, "a Noise message is too short");
  }
  Bytes plaintext(sealed.size() - overhead_bytes());
  if (cipher_) {
    cipher_->open(hash_, sealed, plaintext);
  } else {
    std::ranges::copy(sealed, plaintext.begin());
  }
  mix_hash(sealed);
  return plaintext;
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
  auto [forth, back] = crypto::hkdf_sha256<2>(chaining_key_, {});
  std::pair<CipherState, CipherState> ciphers{CipherState(forth), CipherState(back)};
  crypto::wipe(forth);
  crypto::wipe(back);
  return ciphers;
}

}  // namespace shoal::noise
