#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <bit>

#include "crypto/der.h"
#include "crypto/key_native.h"
#include "crypto/keys.h"
#include "crypto/verified_signatures.h"

namespace shoal::crypto {

namespace {

constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::size_t kSecp256k1KeyBytes = 33;
constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;
constexpr std::size_t kMaxRsaExponentBits = 32;

[[noreturn]] void refuse(ErrorCode code, const char* sentence) {
  ERR_clear_error();
  throw Error(code, sentence);
}

/// Any 32 bytes are one for OpenSSL, too; whether they are a point shows when something is
/// verified.
void check_ed25519_key(ByteView data) {
  if (data.size() == kEd25519KeyBytes) return;
  refuse(ErrorCode::malformed, "an Ed25519 public key has 32 bytes");
}

KeyOwner ed25519_key(ByteView data) {
  KeyOwner key(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, data.data(), data.size()));
  if (!key) refuse(ErrorCode::malformed, "not an Ed25519 public key");
  return key;
}

/// The points of order 1, 2, 4 and 8 and the encodings of them that are not reduced, without the
/// sign bit. Under such a key a signature can be made that is valid for every message.
bool has_small_order(ByteView ed25519_key) {
  static constexpr std::array<std::string_view, 7> kSmallOrder = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  Bytes point = to_bytes(ed25519_key);
  point.back() &= 0x7f;
  return std::ranges::find(kSmallOrder, to_hex(point)) != kSmallOrder.end();
}

KeyOwner key_from_parameters(const char* algorithm, OSSL_PARAM* parameters) {
  const KeyContextOwner context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  require(context && EVP_PKEY_fromdata_init(context.get()) == 1, "a public key could not be made");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    refuse(ErrorCode::malformed, "the public key is not valid for its algorithm");
  }
  return KeyOwner(key);
}

/// Fails for points that are not on the curve.
KeyOwner elliptic_key(const char* curve, ByteView point) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                        const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  return key_from_parameters("EC", parameters);
}

KeyOwner secp256k1_key(ByteView data) {
  if (data.size() != kSecp256k1KeyBytes || (data[0] != 2 && data[0] != 3)) {
    refuse(ErrorCode::malformed, "a secp256k1 public key has 33 bytes, the first of them 2 or 3");
  }
  return elliptic_key("secp256k1", data);
}

/// RFC 5280, section 4.1: which algorithm with which parameters, and the key itself.
struct PublicKeyInfo {
  ByteView algorithm;
  DerReader parameters;
  ByteView key;
};

PublicKeyInfo read_public_key_info(ByteView der) {
  DerReader outside(der);
  DerReader info(outside.take(DerTag::sequence));
  outside.expect_end();
  DerReader algorithm(info.take(DerTag::sequence));
  const auto identifier = algorithm.take(DerTag::object_identifier);
  const auto key = info.take_whole_bytes();
  info.expect_end();
  return {identifier, algorithm, key};
}

struct Curve {
  std::array<std::uint8_t, 8> identifier;
  std::size_t identifier_bytes;
  const char* name;
  std::size_t coordinate_bytes;
};

// Only curves by name: explicit parameters would let a peer choose the arithmetic that we do.
constexpr Curve kCurves[] = {
    {{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 8, "P-256", 32},
    {{0x2b, 0x81, 0x04, 0x00, 0x22}, 5, "P-384", 48},
    {{0x2b, 0x81, 0x04, 0x00, 0x23}, 5, "P-521", 66},
};

const Curve& curve_by_identifier(ByteView identifier) {
  for (const auto& curve : kCurves) {
    if (equal(identifier, ByteView(curve.identifier).first(curve.identifier_bytes))) return curve;
  }
  refuse(ErrorCode::unsupported, "the ECDSA key is on a curve other than P-256, P-384 and P-521");
}

KeyOwner ecdsa_key(ByteView data) {
  static constexpr std::uint8_t kEllipticKey[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
  auto info = read_public_key_info(data);
  if (!equal(info.algorithm, kEllipticKey)) refuse(ErrorCode::malformed, "not an ECDSA public key");
  const auto& curve = curve_by_identifier(info.parameters.take(DerTag::object_identifier));
  info.parameters.expect_end();
  if (info.key.size() != 1 + 2 * curve.coordinate_bytes || info.key[0] != 4) {
    refuse(ErrorCode::malformed, "the point of the ECDSA key is not in the uncompressed form");
  }
  return elliptic_key(curve.name, info.key);
}

std::size_t bits(ByteView big_endian) {
  return (big_endian.size() - 1) * 8 + std::bit_width(big_endian.front());
}

/// Refuses what go-libp2p refuses (advisory CVE-2023-39533) without touching the numbers.
void check_rsa_numbers(ByteView modulus, ByteView exponent) {
  if (bits(modulus) < kMinRsaBits || bits(modulus) > kMaxRsaBits) {
    refuse(ErrorCode::limit, "an RSA key must have 2048 to 8192 bits");
  }
  if (bits(exponent) > kMaxRsaExponentBits) {
    refuse(ErrorCode::limit, "the exponent of the RSA key has more than 32 bits");
  }
  const bool is_one = exponent.size() == 1 && exponent[0] == 1;
  if (modulus.back() % 2 == 0 || exponent.back() % 2 == 0 || is_one) {
    refuse(ErrorCode::malformed, "the RSA key has an even number in it or the exponent 1");
  }
}

KeyOwner rsa_key_from_numbers(ByteView modulus, ByteView exponent) {
  const BignumOwner n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const BignumOwner e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  require(n && e && builder &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
          "an RSA key could not be made");
  const std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  require(parameters != nullptr, "an RSA key could not be made");
  return key_from_parameters("RSA", parameters.get());
}

KeyOwner rsa_key(ByteView data) {
  static constexpr std::uint8_t kRsaEncryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                    0x0d, 0x01, 0x01, 0x01};
  auto info = read_public_key_info(data);
  if (!equal(info.algorithm, kRsaEncryption)) refuse(ErrorCode::malformed, "not an RSA public key");
  if (!info.parameters.take(DerTag::null).empty()) {
    refuse(ErrorCode::malformed, "the RSA key has parameters");
  }
  info.parameters.expect_end();

  DerReader outside(info.key);
  DerReader numbers(outside.take(DerTag::sequence));
  outside.expect_end();
  const auto modulus = numbers.take_positive_integer();
  const auto exponent = numbers.take_positive_integer();
  numbers.expect_end();
  check_rsa_numbers(modulus, exponent);
  return rsa_key_from_numbers(modulus, exponent);
}

KeyOwner native_key(KeyType type, ByteView data) {
  switch (type) {
    case KeyType::ed25519:
      return nullptr;  // made when something is to be verified
    case KeyType::secp256k1:
      return secp256k1_key(data);
    case KeyType::ecdsa:
      return ecdsa_key(data);
    case KeyType::rsa:
      return rsa_key(data);
  }
  refuse(ErrorCode::malformed, "unknown type of key");
}

bool is_valid(EVP_PKEY* key, const EVP_MD* digest, ByteView message, ByteView signature) {
  const DigestContextOwner context(EVP_MD_CTX_new());
  require(context != nullptr, "a signature check could not be started");
  const bool valid = EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                     EVP_DigestVerify(context.get(), address(signature), signature.size(),
                                      address(message), message.size()) == 1;
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace

PublicKey::PublicKey(KeyType type, Bytes data, std::shared_ptr<const Native> native)
    : type_(type), data_(std::move(data)), native_(std::move(native)) {}

PublicKey PublicKey::decode(KeyType type, ByteView data) {
  if (type == KeyType::ed25519) {
    check_ed25519_key(data);
    // Most are only compared; OpenSSL's own form of one is made when something is to be verified.
    return PublicKey(type, to_bytes(data), nullptr);
  }
  auto native = std::make_shared<const Native>(native_key(type, data));
  // Every decoder above accepts exactly one encoding of a key, so the input is the canonical form.
  return PublicKey(type, to_bytes(data), std::move(native));
}

bool PublicKey::verify(ByteView message, ByteView signature) const {
  // Of a pure function: one for each thread is enough, and nobody can tell.
  thread_local VerifiedSignatures verified;
  const auto type = static_cast<std::uint8_t>(type_);
  const Sha256Digest name = VerifiedSignatures::name_of(type, data_, message, signature);
  if (verified.contains(name)) return true;
  const bool valid = verify_once(message, signature);
  if (valid) verified.add(name);
  return valid;
}

bool PublicKey::verify_once(ByteView message, ByteView signature) const {
  if (type_ != KeyType::ed25519)
    return is_valid(native_->key.get(), sha256_algorithm(), message, signature);
  if (signature.size() != kEd25519SignatureBytes || has_small_order(data_)) return false;
  return is_valid(ed25519_key(data_).get(), nullptr, message, signature);
}

}  // namespace shoal::crypto
