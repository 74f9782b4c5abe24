#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "crypto/given_random.h"
#include "crypto/keys.h"

namespace shoal::crypto {

/// The certificates by which peers prove who they are in TLS and QUIC: libp2p specs, tls, section
/// "Peer Authentication". X.509, self-signed by a throw-away key, with an extension in which the
/// identity signs that key.
///
///     SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING }
inline constexpr const char* kSignedKeyIdentifier = "1.3.6.1.4.1.53594.1.1";

struct SignedKey {
  Bytes public_key;  // a PublicKey message of the peer-ids spec
  Bytes signature;   // over to_sign_for_certificate()

  bool operator==(const SignedKey&) const = default;
};

Bytes encode_signed_key(const SignedKey& key);
/// Throws Error{malformed} for all but one DER encoding of exactly these fields.
SignedKey decode_signed_key(ByteView der);

/// What the identity signs for a key, which is given as a DER SubjectPublicKeyInfo.
Bytes to_sign_for_certificate(ByteView public_key_info);

struct CertificateExtension {
  std::string identifier;  // with dots
  bool critical = false;
  Bytes value;  // DER
};

/// Unix seconds, both inclusive. The default is that of the spec's test vectors, which spares peers
/// whose clocks differ from ours.
struct CertificateValidity {
  std::int64_t not_before = 157'813'200;    // 1975-01-01 13:00
  std::int64_t not_after = 67'090'165'200;  // 4096-01-01 13:00
};

/// A P-256 key for one run of a node, not related to its identity.
class CertificateKey {
 public:
  static CertificateKey generate(const RandomFill& random);
  ~CertificateKey();
  CertificateKey(CertificateKey&&) noexcept;
  CertificateKey& operator=(CertificateKey&&) noexcept;

  /// DER.
  Bytes public_key_info() const;
  /// DER, PKCS #8. A secret: wipe it after use.
  Bytes private_key() const;
  /// A self-signed X.509 certificate, DER.
  Bytes certify(const RandomFill& random, std::span<const CertificateExtension> extensions,
                CertificateValidity validity = {}) const;

 private:
  struct Native;
  explicit CertificateKey(std::unique_ptr<Native> native);
  std::unique_ptr<Native> native_;
};

/// The certificate of `key` for `identity`, whose PublicKey message is `encoded_identity`.
Bytes make_certificate(const CertificateKey& key, const PrivateKey& identity,
                       ByteView encoded_identity, const RandomFill& random);

/// The longest certificate that is read. One with two RSA keys of 8192 bits has about 5 KiB.
inline constexpr std::size_t kMaxCertificateBytes = 8192;

/// What a certificate says once all of it was verified but the identity's signature, which the
/// caller checks: identity.verify(to_sign, signed_key.signature).
struct CertificateClaim {
  SignedKey signed_key;
  Bytes to_sign;
};

/// Verifies a DER certificate by the spec: X.509 version 3, valid at `now` (Unix seconds), signed
/// by its own key with a hash of 256 bits or more, the extension there once, no other critical
/// ones. Throws Error{malformed}, Error{limit} for more than kMaxCertificateBytes or an RSA key
/// outside of 2048 to 8192 bits, and Error{unsupported} for other keys than ECDSA on P-256, P-384
/// or P-521, Ed25519 and RSA.
CertificateClaim read_certificate(ByteView der, std::int64_t now);

}  // namespace shoal::crypto
