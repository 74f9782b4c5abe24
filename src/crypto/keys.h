#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"

namespace shoal::crypto {

/// The values are those of the protobuf enum in libp2p's peer-ids spec.
enum class KeyType : std::uint8_t { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

/// A public key that can verify. Cheap to copy; immutable.
class PublicKey {
 public:
  /// `data` as in the peer-ids spec: Ed25519 32 raw bytes; secp256k1 33 bytes compressed;
  /// ECDSA and RSA a DER SubjectPublicKeyInfo (PKIX). Throws Error{malformed} for anything else,
  /// Error{unsupported} for ECDSA curves other than P-256, P-384 and P-521, and Error{limit} for
  /// RSA outside of 2048 to 8192 bits or with an exponent over 32 bits, before any arithmetic on
  /// it.
  static PublicKey decode(KeyType type, ByteView data);

  KeyType type() const { return type_; }
  /// The `data` that decode() takes, in canonical form.
  const Bytes& data() const { return data_; }

  /// Whether `signature` is this key's over `message`: Ed25519 pure, 64 bytes; secp256k1 and ECDSA
  /// DER over SHA-256; RSA PKCS#1 v1.5 over SHA-256. Never throws for a bad signature. An Ed25519
  /// key of small order verifies nothing, as anybody could sign for it.
  bool verify(ByteView message, ByteView signature) const;
  /// The same of a signature that will not be seen again, which is not worth remembering.
  bool verify_once(ByteView message, ByteView signature) const;

  bool operator==(const PublicKey& other) const {
    return type_ == other.type_ && data_ == other.data_;
  }

 private:
  friend class PrivateKey;
  struct Native;  // owns the EVP_PKEY
  PublicKey(KeyType type, Bytes data, std::shared_ptr<const Native> native);

  KeyType type_;
  Bytes data_;
  std::shared_ptr<const Native> native_;
};

/// A key that can sign. Ours are Ed25519; the other types exist to test against other nodes.
class PrivateKey {
 public:
  /// From the 32 secret bytes of RFC 8032; the same seed gives the same key.
  static PrivateKey ed25519_from_seed(ByteView seed);
  /// Draws from OpenSSL's generator: for tests of foreign key types only.
  static PrivateKey generate(KeyType type, int rsa_bits = 2048);

  /// `data` as in the peer-ids spec (Ed25519: 64 bytes, secret then public, 96 bytes accepted;
  /// secp256k1 32 bytes; ECDSA DER EC private key; RSA DER PKCS#1). Throws Error{malformed}.
  static PrivateKey decode(KeyType type, ByteView data);
  KeyType type() const { return public_key_.type(); }
  Bytes encode() const;

  const PublicKey& public_key() const { return public_key_; }
  Bytes sign(ByteView message) const;

 private:
  using Native = PublicKey::Native;
  PrivateKey(PublicKey public_key, std::shared_ptr<const Native> native);
  static PrivateKey from_native(KeyType type, std::shared_ptr<const Native> native);

  PublicKey public_key_;
  std::shared_ptr<const Native> native_;
};

}  // namespace shoal::crypto
