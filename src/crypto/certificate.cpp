#include "crypto/certificate.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "crypto/der.h"
#include "crypto/openssl.h"

namespace shoal::crypto {

namespace {

using CertificateOwner = std::unique_ptr<X509, Freed<X509_free>>;
using NameOwner = std::unique_ptr<X509_NAME, Freed<X509_NAME_free>>;
using ExtensionOwner = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using ObjectOwner = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
using StringOwner = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;

constexpr std::string_view kSignaturePrefix = "libp2p-tls-handshake:";
constexpr std::size_t kSerialBytes = 8;
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
// A signature over SHA-256 counts 128 bits, one over SHA-1 or MD5 less.
constexpr int kMinSignatureBits = 128;

[[noreturn]] void refuse(const char* sentence, ErrorCode code = ErrorCode::malformed) {
  ERR_clear_error();
  throw Error(code, sentence);
}

template <class Encode>
Bytes der_by(Encode encode) {
  std::uint8_t* out = nullptr;
  const int size = encode(&out);
  require(size > 0, "a certificate could not be encoded");
  Bytes bytes(out, out + size);
  OPENSSL_clear_free(out, static_cast<std::size_t>(size));
  return bytes;
}

void append_octets(Bytes& out, ByteView content) {
  SHOAL_CHECK(content.size() <= 0xffff);
  out.push_back(static_cast<std::uint8_t>(DerTag::octet_string));
  append_der_length(out, content.size());
  append(out, content);
}

NameOwner make_name() {
  NameOwner name(X509_NAME_new());
  const std::string_view organisation = "libp2p.io";
  require(name && X509_NAME_add_entry_by_txt(
                      name.get(), "O", MBSTRING_ASC,
                      reinterpret_cast<const unsigned char*>(organisation.data()),
                      static_cast<int>(organisation.size()), -1, 0) == 1,
          "a certificate could not be named");
  return name;
}

void set_serial(X509* certificate, const RandomFill& random) {
  std::array<std::uint8_t, kSerialBytes> serial{};
  random(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7f) | 0x40);  // positive, of one length
  const BignumOwner number(BN_bin2bn(serial.data(), kSerialBytes, nullptr));
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "a certificate could not be numbered");
}

void add_extension(X509* certificate, const CertificateExtension& wanted) {
  const ObjectOwner identifier(OBJ_txt2obj(wanted.identifier.c_str(), 1));
  const StringOwner value(ASN1_OCTET_STRING_new());
  require(identifier && value &&
              ASN1_OCTET_STRING_set(value.get(), wanted.value.data(),
                                    static_cast<int>(wanted.value.size())) == 1,
          "an extension could not be made");
  const ExtensionOwner extension(X509_EXTENSION_create_by_OBJ(
      nullptr, identifier.get(), wanted.critical ? 1 : 0, value.get()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
          "an extension could not be added");
}

CertificateOwner parse(ByteView der) {
  if (der.size() > kMaxCertificateBytes) refuse("the certificate is too long", ErrorCode::limit);
  const std::uint8_t* at = der.data();
  CertificateOwner certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) refuse("not a DER certificate");
  if (X509_get_version(certificate.get()) != X509_VERSION_3) {
    refuse("the certificate is not of X.509 version 3");
  }
  const ASN1_BIT_STRING* issuer = nullptr;
  const ASN1_BIT_STRING* subject = nullptr;
  X509_get0_uids(certificate.get(), &issuer, &subject);
  if (issuer != nullptr || subject != nullptr) refuse("the certificate has a unique id");
  return certificate;
}

void check_time(const X509* certificate, std::int64_t now) {
  auto time = static_cast<time_t>(now);
  // -1 is at or before `time`, 1 after it, 0 an error.
  const int begins = X509_cmp_time(X509_get0_notBefore(certificate), &time);
  const int ends = X509_cmp_time(X509_get0_notAfter(certificate), &time);
  if (begins == 0 || ends == 0) refuse("the certificate has no valid times");
  if (begins > 0) refuse("the certificate is not valid yet: is a clock wrong?");
  if (ends < 0) refuse("the certificate has expired: is a clock wrong?");
}

bool is_named_curve(EVP_PKEY* key) {
  int is_explicit = 0;
  std::array<char, 32> name{};
  if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) ==
          1 &&
      is_explicit != 0) {
    return false;
  }
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return false;
  const std::string_view curve = name.data();
  return curve == "prime256v1" || curve == "secp384r1" || curve == "secp521r1";
}

/// Before any arithmetic with the key, which would cost as much as the peer likes.
void check_key(EVP_PKEY* key) {
  if (key == nullptr) refuse("the certificate's key cannot be read");
  const int type = EVP_PKEY_get_base_id(key);
  if (type == EVP_PKEY_ED25519) return;
  if (type == EVP_PKEY_EC && is_named_curve(key)) return;
  if (type != EVP_PKEY_RSA) {
    refuse("the certificate's key is of a type that we do not know", ErrorCode::unsupported);
  }
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    refuse("an RSA key must have 2048 to 8192 bits", ErrorCode::limit);
  }
}

void check_signature(X509* certificate, EVP_PKEY* key) {
  int strength_bits = 0;
  if (X509_get_signature_info(certificate, nullptr, nullptr, &strength_bits, nullptr) != 1 ||
      strength_bits < kMinSignatureBits) {
    refuse("the certificate is signed with a weak or unknown algorithm", ErrorCode::unsupported);
  }
  if (X509_verify(certificate, key) != 1) refuse("the certificate is not signed by its own key");
}

const ASN1_OBJECT* signed_key_object() {
  static const ASN1_OBJECT* const object = OBJ_txt2obj(kSignedKeyIdentifier, 1);
  SHOAL_CHECK(object != nullptr);
  return object;
}

SignedKey find_signed_key(const X509* certificate) {
  std::optional<SignedKey> found;
  const int count = X509_get_ext_count(certificate);
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* const extension = X509_get_ext(certificate, i);
    if (OBJ_cmp(X509_EXTENSION_get_object(extension), signed_key_object()) != 0) {
      if (X509_EXTENSION_get_critical(extension) != 0) {
        refuse("the certificate has a critical extension that we do not know");
      }
      continue;
    }
    if (found) refuse("the certificate has the libp2p extension twice");
    const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
    found = decode_signed_key(
        {ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))});
  }
  if (!found) refuse("the certificate has no libp2p extension");
  return std::move(*found);
}

}  // namespace

Bytes encode_signed_key(const SignedKey& key) {
  Bytes content;
  append_octets(content, key.public_key);
  append_octets(content, key.signature);
  Bytes out{static_cast<std::uint8_t>(DerTag::sequence)};
  append_der_length(out, content.size());
  append(out, content);
  return out;
}

SignedKey decode_signed_key(ByteView der) {
  DerReader outside(der);
  DerReader fields(outside.take(DerTag::sequence));
  outside.expect_end();
  const ByteView public_key = fields.take(DerTag::octet_string);
  const ByteView signature = fields.take(DerTag::octet_string);
  fields.expect_end();
  return {to_bytes(public_key), to_bytes(signature)};
}

Bytes to_sign_for_certificate(ByteView public_key_info) {
  Bytes out = to_bytes(kSignaturePrefix);
  append(out, public_key_info);
  return out;
}

struct CertificateKey::Native {
  KeyOwner key;
};

CertificateKey::CertificateKey(std::unique_ptr<Native> native) : native_(std::move(native)) {}
CertificateKey::~CertificateKey() = default;
CertificateKey::CertificateKey(CertificateKey&&) noexcept = default;
CertificateKey& CertificateKey::operator=(CertificateKey&&) noexcept = default;

CertificateKey CertificateKey::generate(const RandomFill& random) {
  const RandomScope scope(random);
  auto native = std::make_unique<Native>();
  native->key.reset(EVP_PKEY_Q_keygen(given_random_library(), nullptr, "EC", "P-256"));
  require(native->key != nullptr, "a key for a certificate could not be made");
  return CertificateKey(std::move(native));
}

Bytes CertificateKey::public_key_info() const {
  return der_by([this](std::uint8_t** out) { return i2d_PUBKEY(native_->key.get(), out); });
}

Bytes CertificateKey::private_key() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freed<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(native_->key.get()));
  require(info != nullptr, "a key could not be encoded");
  return der_by([&](std::uint8_t** out) { return i2d_PKCS8_PRIV_KEY_INFO(info.get(), out); });
}

Bytes CertificateKey::certify(const RandomFill& random,
                              std::span<const CertificateExtension> extensions,
                              CertificateValidity validity) const {
  const RandomScope scope(random);
  const CertificateOwner certificate(X509_new_ex(given_random_library(), nullptr));
  require(certificate != nullptr, "a certificate could not be made");
  X509* const made = certificate.get();
  const NameOwner name = make_name();
  set_serial(made, random);
  require(X509_set_version(made, X509_VERSION_3) == 1 &&
              X509_set_subject_name(made, name.get()) == 1 &&
              X509_set_issuer_name(made, name.get()) == 1 &&
              X509_set_pubkey(made, native_->key.get()) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(made), validity.not_before) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(made), validity.not_after) != nullptr,
          "a certificate could not be made");
  for (const CertificateExtension& extension : extensions) add_extension(made, extension);
  require(X509_sign(made, native_->key.get(), sha256_algorithm()) > 0,
          "a certificate could not be signed");
  return der_by([made](std::uint8_t** out) { return i2d_X509(made, out); });
}

Bytes make_certificate(const CertificateKey& key, const PrivateKey& identity,
                       ByteView encoded_identity, const RandomFill& random) {
  const SignedKey proof{to_bytes(encoded_identity),
                        identity.sign(to_sign_for_certificate(key.public_key_info()))};
  const CertificateExtension extension{kSignedKeyIdentifier, false, encode_signed_key(proof)};
  return key.certify(random, {&extension, 1});
}

CertificateClaim read_certificate(ByteView der, std::int64_t now) {
  const CertificateOwner certificate = parse(der);
  check_time(certificate.get(), now);
  SignedKey signed_key = find_signed_key(certificate.get());
  EVP_PKEY* const key = X509_get0_pubkey(certificate.get());
  check_key(key);
  check_signature(certificate.get(), key);
  X509_PUBKEY* const info = X509_get_X509_PUBKEY(certificate.get());
  const Bytes encoded = der_by([info](std::uint8_t** out) { return i2d_X509_PUBKEY(info, out); });
  ERR_clear_error();
  return {std::move(signed_key), to_sign_for_certificate(encoded)};
}

}  // namespace shoal::crypto
