#include "crypto/x25519.h"

#include "crypto/openssl.h"

namespace shoal::crypto {

struct X25519KeyPair::Native {
  KeyOwner key;
};

namespace {

constexpr std::size_t kKeyBytes = sizeof(X25519Value);

void check_length(ByteView key) {
  if (key.size() != kKeyBytes) throw Error(ErrorCode::malformed, "an X25519 key has 32 bytes");
}

}  // namespace

X25519KeyPair::X25519KeyPair(ByteView secret) {
  check_length(secret);
  KeyOwner key(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, secret.data(), secret.size()));
  std::size_t size = public_key_.size();
  require(key && EVP_PKEY_get_raw_public_key(key.get(), public_key_.data(), &size) == 1,
          "an X25519 key could not be made");
  native_ = std::make_unique<const Native>(std::move(key));
}

X25519KeyPair::~X25519KeyPair() = default;
X25519KeyPair::X25519KeyPair(X25519KeyPair&&) noexcept = default;
X25519KeyPair& X25519KeyPair::operator=(X25519KeyPair&&) noexcept = default;

X25519Value X25519KeyPair::shared_secret(ByteView remote) const {
  check_length(remote);
  const KeyOwner peer(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, remote.data(), remote.size()));
  const KeyContextOwner context(EVP_PKEY_CTX_new_from_pkey(nullptr, native_->key.get(), nullptr));
  require(peer && context && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1,
          "X25519 could not be started");

  X25519Value secret{};
  std::size_t size = secret.size();
  // OpenSSL fails here when the result is all zero (RFC 7748, section 6.1); the test pins that
  // down.
  if (EVP_PKEY_derive(context.get(), secret.data(), &size) != 1) {
    ERR_clear_error();
    throw Error(ErrorCode::malformed, "the X25519 key of the other side is a point of small order");
  }
  return secret;
}

}  // namespace shoal::crypto
