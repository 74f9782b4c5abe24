#include "net/security/tls/handshake.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/openssl.h"

namespace shoal::tls {

namespace {

using crypto::require;

constexpr std::string_view kPlainProtocol = "libp2p";

Bytes alpn_list(const std::vector<std::string>& muxers) {
  Bytes out;
  const auto add = [&out](std::string_view name) {
    SHOAL_CHECK(!name.empty() && name.size() < 256);
    out.push_back(static_cast<std::uint8_t>(name.size()));
    append(out, as_bytes(name));
  };
  for (const std::string& muxer : muxers) add(muxer);
  add(kPlainProtocol);
  return out;
}

/// The first of `offered` that is in `ours`; both as ALPN has them, and OpenSSL has checked their
/// lengths.
ByteView choose_protocol(ByteView offered, ByteView ours) {
  while (!offered.empty()) {
    const ByteView name = offered.subspan(1, offered[0]);
    for (ByteView rest = ours; !rest.empty(); rest = rest.subspan(1 + rest[0])) {
      if (equal(rest.subspan(1, rest[0]), name)) return name;
    }
    offered = offered.subspan(1 + offered[0]);
  }
  return {};
}

Error wrong_peer(const PeerId& expected, const crypto::PublicKey& key) {
  return {ErrorCode::refused, "another peer answered: " + PeerId::from_public_key(key).to_string() +
                                  " instead of " + expected.to_string()};
}

Bytes der_of(X509* certificate) {
  std::uint8_t* out = nullptr;
  const int size = i2d_X509(certificate, &out);
  require(size > 0, "the peer's certificate could not be read");
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace

/// What OpenSSL calls. No exception may pass through it.
struct Handshake::Callbacks {
  static Handshake& of(const SSL* ssl) { return static_cast<Handshake&>(Exchange::of(ssl)); }

  static int verify(X509_STORE_CTX* store, void* /*argument*/) {
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    Handshake& handshake = of(ssl);
    try {
      if (sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) != 1) {
        throw Error(ErrorCode::malformed, "the peer shows more than one certificate");
      }
      handshake.check_peer(der_of(X509_STORE_CTX_get0_cert(store)));
      X509_STORE_CTX_set_error(store, X509_V_OK);
      return 1;
    } catch (const Error& error) {
      handshake.set_failure(error);
    } catch (...) {
      handshake.set_failure({ErrorCode::failed, "the certificate could not be verified"});
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
  }

  static int select_protocol(SSL* ssl, const unsigned char** out, unsigned char* out_bytes,
                             const unsigned char* offered, unsigned bytes, void* /*argument*/) {
    const ByteView name = choose_protocol({offered, bytes}, of(ssl).protocols_);
    if (name.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = name.data();
    *out_bytes = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }
};

void Handshake::set_callbacks(SSL_CTX* settings) {
  SSL_CTX_set_verify(settings, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(settings, Callbacks::verify, nullptr);
  SSL_CTX_set_alpn_select_cb(settings, Callbacks::select_protocol, nullptr);
  set_key_log(settings);
}

Handshake::Handshake(HandshakeConfig config, const crypto::RandomFill& random)
    : Exchange(config.identity->settings(), config.role, kMaxBytes, random),
      config_(std::move(config)),
      protocols_(alpn_list(config_.muxers)) {
  if (config_.role == Role::server) return;
  // Returns 0 for success, unlike its neighbours.
  require(
      SSL_set_alpn_protos(ssl(), protocols_.data(), static_cast<unsigned>(protocols_.size())) == 0,
      "TLS does not take the names of our muxers");
}

void Handshake::check_peer(ByteView certificate) {
  crypto::PublicKey key = verified_identity(certificate, config_.now);
  if (config_.expected_peer && !config_.expected_peer->matches(key)) {
    throw wrong_peer(*config_.expected_peer, key);
  }
  key_ = std::move(key);
}

std::string Handshake::chosen_muxer() const {
  const unsigned char* name = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(ssl(), &name, &bytes);
  const std::string chosen(as_text({name, bytes}));
  if (chosen.empty() || chosen == kPlainProtocol) return {};
  if (std::ranges::find(config_.muxers, chosen) == config_.muxers.end()) {
    throw Error(ErrorCode::malformed, "the peer chose a muxer that we did not offer");
  }
  return chosen;
}

HandshakeResult Handshake::take_result() {
  return {.keys = keys(),
          .peer = PeerId::from_public_key(*key_),
          .key = *key_,
          .muxer = chosen_muxer()};
}

}  // namespace shoal::tls
