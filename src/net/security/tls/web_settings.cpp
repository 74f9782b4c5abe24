#include "net/security/tls/web_settings.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/openssl.h"
#include "crypto/wipe.h"
#include "net/security/tls/exchange.h"
#include "net/security/tls/settings.h"

namespace shoal::tls {

namespace {

using BioOwner = std::unique_ptr<BIO, crypto::Freed<BIO_free>>;
using CertificateOwner = std::unique_ptr<X509, crypto::Freed<X509_free>>;

[[noreturn]] void refuse_pem(const char* sentence) {
  ERR_clear_error();
  throw Error(ErrorCode::malformed, sentence);
}

BioOwner reader_of(ByteView bytes) {
  BioOwner out(BIO_new_mem_buf(crypto::address(bytes), static_cast<int>(bytes.size())));
  crypto::require(out != nullptr, "no memory for certificates");
  return out;
}

/// A key behind a password is no use to a program that nobody sits at.
int no_password(char* /*out*/, int /*bytes*/, int /*writing*/, void* /*argument*/) {
  return -1;
}

/// None at the end of the text.
CertificateOwner next_certificate(BIO* from) {
  ERR_clear_error();
  CertificateOwner out(PEM_read_bio_X509(from, nullptr, no_password, nullptr));
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!out && !ended) refuse_pem("a certificate cannot be read");
  ERR_clear_error();
  return out;
}

/// What a server shows, and its key.
struct Shown {
  std::vector<CertificateOwner> chain;  // its own first
  crypto::KeyOwner key;
};

Shown read_shown(ByteView certificates, ByteView key) {
  Shown out;
  const BioOwner from = reader_of(certificates);
  while (CertificateOwner next = next_certificate(from.get())) out.chain.push_back(std::move(next));
  if (out.chain.empty()) refuse_pem("there is no certificate in it (PEM)");
  const BioOwner key_from = reader_of(key);
  out.key.reset(PEM_read_bio_PrivateKey_ex(key_from.get(), nullptr, no_password, nullptr,
                                           crypto::given_random_library(), nullptr));
  if (!out.key) refuse_pem("there is no private key without a password in it (PEM)");
  if (X509_check_private_key(out.chain.front().get(), out.key.get()) != 1)
    refuse_pem("the key is not that of the certificate");
  return out;
}

void use_shown(SSL_CTX* settings, const Shown& shown) {
  if (SSL_CTX_use_certificate(settings, shown.chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(settings, shown.key.get()) != 1)
    refuse_pem("the certificate cannot be used for TLS 1.3");
  for (std::size_t i = 1; i < shown.chain.size(); ++i) {
    crypto::require(SSL_CTX_add1_chain_cert(settings, shown.chain[i].get()) == 1,
                    "no memory for certificates");
  }
}

void use_self_made(SSL_CTX* settings, const crypto::RandomFill& random) {
  const crypto::CertificateKey key = crypto::CertificateKey::generate(random);
  const Bytes certificate = key.certify(random, {});
  Bytes secret = key.private_key();
  const bool used = SSL_CTX_use_certificate_ASN1(settings, static_cast<int>(certificate.size()),
                                                 certificate.data()) == 1 &&
                    SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, settings, secret.data(),
                                                static_cast<long>(secret.size())) == 1;
  crypto::wipe(secret);
  crypto::require(used, "TLS does not take a certificate of our own making");
}

std::shared_ptr<const WebSettings> make() {
  auto out = std::make_shared<const WebSettings>(make_settings(WebSettings::kMaxChainBytes));
  Exchange::set_key_log(out->settings());
  return out;
}

}  // namespace

std::shared_ptr<const Roots> Roots::parse(ByteView pem) {
  auto out = std::make_shared<const Roots>(X509_STORE_new());
  crypto::require(out->store() != nullptr, "no memory for certificates");
  const BioOwner from = reader_of(pem);
  std::size_t count = 0;
  while (CertificateOwner root = next_certificate(from.get())) {
    crypto::require(X509_STORE_add_cert(out->store(), root.get()) == 1,
                    "no memory for certificates");
    ++count;
  }
  if (count == 0) refuse_pem("there is no certificate in it (PEM)");
  return out;
}

Roots::~Roots() {
  X509_STORE_free(store_);
}

std::shared_ptr<const WebSettings> WebSettings::server(ByteView certificates, ByteView key,
                                                       const crypto::RandomFill& random) {
  const crypto::RandomScope scope(random);
  auto out = make();
  use_shown(out->settings(), read_shown(certificates, key));
  return out;
}

void WebSettings::check_server(ByteView certificates, ByteView key) {
  read_shown(certificates, key);
}

std::shared_ptr<const WebSettings> WebSettings::self_made_server(const crypto::RandomFill& random) {
  const crypto::RandomScope scope(random);
  auto out = make();
  use_self_made(out->settings(), random);
  return out;
}

std::shared_ptr<const WebSettings> WebSettings::client(std::shared_ptr<const Roots> roots,
                                                       const crypto::RandomFill& random) {
  const crypto::RandomScope scope(random);
  auto out = make();
  SSL_CTX_set_verify(out->settings(), roots ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (roots) SSL_CTX_set1_cert_store(out->settings(), roots->store());
  return out;
}

WebSettings::~WebSettings() {
  SSL_CTX_free(settings_);
}

}  // namespace shoal::tls
