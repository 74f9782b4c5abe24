#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/der.h"
#include "crypto/key_native.h"
#include "crypto/keys.h"

namespace shoal::crypto {

namespace {

constexpr std::size_t kSeedBytes = 32;
constexpr std::size_t kEd25519PublicBytes = 32;
constexpr std::size_t kSecp256k1SecretBytes = 32;

[[noreturn]] void refuse(const char* sentence) {
  ERR_clear_error();
  throw Error(ErrorCode::malformed, sentence);
}

/// Runs one of OpenSSL's i2d functions, which allocate when given a null pointer.
template <class Encode>
Bytes encoded_by(Encode encode) {
  std::uint8_t* out = nullptr;
  const int size = encode(&out);
  require(size > 0, "a key could not be encoded");
  const std::unique_ptr<std::uint8_t, decltype([](std::uint8_t* p) { OPENSSL_free(p); })> owner(
      out);
  return {out, out + size};
}

/// The uncompressed point at the end of an elliptic SubjectPublicKeyInfo in the form of 33 bytes.
Bytes compressed_point(ByteView public_key_info) {
  DerReader outside(public_key_info);
  DerReader info(outside.take(DerTag::sequence));
  info.take(DerTag::sequence);
  const auto point = info.take_whole_bytes();
  SHOAL_CHECK(point.size() == 65 && point[0] == 4);
  Bytes compressed{static_cast<std::uint8_t>(2 + point.back() % 2)};
  append(compressed, point.subspan(1, 32));
  return compressed;
}

Bytes public_data(KeyType type, EVP_PKEY* key) {
  if (type == KeyType::ed25519) {
    Bytes data(kEd25519PublicBytes);
    std::size_t size = data.size();
    require(EVP_PKEY_get_raw_public_key(key, data.data(), &size) == 1, "a key has no public half");
    return data;
  }
  if (type != KeyType::rsa) {
    require(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1,
            "the form of a key could not be set");
  }
  Bytes info = encoded_by([key](std::uint8_t** out) { return i2d_PUBKEY(key, out); });
  return type == KeyType::secp256k1 ? compressed_point(info) : info;
}

/// A traditional private key (PKCS#1, SEC 1) that must be all of `der`.
KeyOwner key_from_der(int openssl_type, ByteView der) {
  const auto* at = der.data();
  KeyOwner key(d2i_PrivateKey(openssl_type, nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.data() + der.size()) refuse("not a DER private key of its type");
  return key;
}

/// Whether the numbers belong together. Not for RSA, where it would test primes for a second.
void check_key_pair(EVP_PKEY* key) {
  const KeyContextOwner context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_check(context.get()) != 1) refuse("the private key is not valid");
}

KeyOwner ecdsa_key(ByteView data) {
  auto key = key_from_der(EVP_PKEY_EC, data);
  check_key_pair(key.get());
  return key;
}

/// As an SEC 1 structure without public key, for which OpenSSL computes the public key.
KeyOwner secp256k1_key(ByteView secret) {
  if (secret.size() != kSecp256k1SecretBytes) refuse("a secp256k1 private key has 32 bytes");
  Bytes der = from_hex("302e0201010420");
  append(der, secret);
  append(der, from_hex("a00706052b8104000a"));
  auto key = key_from_der(EVP_PKEY_EC, der);
  check_key_pair(key.get());
  return key;
}

KeyOwner ed25519_key(ByteView seed) {
  if (seed.size() != kSeedBytes) refuse("an Ed25519 seed has 32 bytes");
  KeyOwner key(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, seed.data(), seed.size()));
  require(key != nullptr, "an Ed25519 key could not be made");
  return key;
}

/// Secret then public, or the old form with the public half twice (peer-ids spec).
KeyOwner ed25519_key_from_pair(ByteView data) {
  constexpr std::size_t kForm = kSeedBytes + kEd25519PublicBytes;
  if (data.size() != kForm && data.size() != kForm + kEd25519PublicBytes) {
    refuse("an Ed25519 private key has 64 or 96 bytes");
  }
  auto key = ed25519_key(data.first(kSeedBytes));
  const auto expected = public_data(KeyType::ed25519, key.get());
  for (auto rest = data.subspan(kSeedBytes); !rest.empty(); rest = rest.subspan(expected.size())) {
    if (!equal(rest.first(expected.size()), expected)) {
      refuse("the halves of the Ed25519 key do not belong together");
    }
  }
  return key;
}

KeyOwner decoded_key(KeyType type, ByteView data) {
  switch (type) {
    case KeyType::ed25519:
      return ed25519_key_from_pair(data);
    case KeyType::secp256k1:
      return secp256k1_key(data);
    case KeyType::ecdsa:
      return ecdsa_key(data);
    case KeyType::rsa:
      return key_from_der(EVP_PKEY_RSA, data);
  }
  refuse("unknown type of key");
}

KeyOwner generated_key(KeyType type, int rsa_bits) {
  switch (type) {
    case KeyType::ed25519:
      return KeyOwner(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case KeyType::secp256k1:
      return KeyOwner(EVP_EC_gen("secp256k1"));
    case KeyType::ecdsa:
      return KeyOwner(EVP_EC_gen("P-256"));
    case KeyType::rsa:
      return KeyOwner(EVP_RSA_gen(static_cast<unsigned>(rsa_bits)));
  }
  return nullptr;
}

Bytes secp256k1_secret(EVP_PKEY* key) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1,
          "a key has no private half");
  const BignumOwner owner(number);
  Bytes secret(kSecp256k1SecretBytes);
  require(BN_bn2binpad(number, secret.data(), kSecp256k1SecretBytes) == kSecp256k1SecretBytes,
          "a key could not be encoded");
  return secret;
}

/// Of the two values of s that are valid the lower one, as BIP 62 and so some verifiers demand.
Bytes with_low_s(ByteView signature) {
  static const BIGNUM* const kOrder = [] {
    BIGNUM* order = nullptr;
    BN_hex2bn(&order, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");
    return order;
  }();
  const auto* at = signature.data();
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())));
  BignumOwner r(pair ? BN_dup(ECDSA_SIG_get0_r(pair.get())) : nullptr);
  BignumOwner low(BN_new());
  require(r && low && BN_sub(low.get(), kOrder, ECDSA_SIG_get0_s(pair.get())) == 1,
          "signing failed");
  if (BN_cmp(low.get(), ECDSA_SIG_get0_s(pair.get())) > 0) return to_bytes(signature);
  require(ECDSA_SIG_set0(pair.get(), r.release(), low.release()) == 1, "signing failed");
  return encoded_by([&](std::uint8_t** out) { return i2d_ECDSA_SIG(pair.get(), out); });
}

}  // namespace

PrivateKey::PrivateKey(PublicKey public_key, std::shared_ptr<const Native> native)
    : public_key_(std::move(public_key)), native_(std::move(native)) {}

PrivateKey PrivateKey::from_native(KeyType type, std::shared_ptr<const Native> native) {
  auto public_key = PublicKey::decode(type, public_data(type, native->key.get()));
  return PrivateKey(std::move(public_key), std::move(native));
}

PrivateKey PrivateKey::ed25519_from_seed(ByteView seed) {
  return from_native(KeyType::ed25519, std::make_shared<const Native>(ed25519_key(seed)));
}

PrivateKey PrivateKey::generate(KeyType type, int rsa_bits) {
  auto key = generated_key(type, rsa_bits);
  require(key != nullptr, "a key could not be generated");
  return from_native(type, std::make_shared<const Native>(std::move(key)));
}

PrivateKey PrivateKey::decode(KeyType type, ByteView data) {
  return from_native(type, std::make_shared<const Native>(decoded_key(type, data)));
}

Bytes PrivateKey::encode() const {
  auto* key = native_->key.get();
  if (type() == KeyType::secp256k1) return secp256k1_secret(key);
  if (type() != KeyType::ed25519) {
    return encoded_by([key](std::uint8_t** out) { return i2d_PrivateKey(key, out); });
  }
  Bytes data(kSeedBytes);
  std::size_t size = data.size();
  require(EVP_PKEY_get_raw_private_key(key, data.data(), &size) == 1, "a key has no private half");
  append(data, public_key_.data());
  return data;
}

Bytes PrivateKey::sign(ByteView message) const {
  const DigestContextOwner context(EVP_MD_CTX_new());
  const auto* digest = type() == KeyType::ed25519 ? nullptr : sha256_algorithm();
  std::size_t size = 0;
  require(
      context &&
          EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, native_->key.get()) == 1 &&
          EVP_DigestSign(context.get(), nullptr, &size, address(message), message.size()) == 1,
      "signing could not be started");
  Bytes signature(size);
  require(
      EVP_DigestSign(context.get(), signature.data(), &size, address(message), message.size()) == 1,
      "signing failed");
  signature.resize(size);
  return type() == KeyType::secp256k1 ? with_low_s(signature) : signature;
}

}  // namespace shoal::crypto
