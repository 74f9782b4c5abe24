#include "net/security/tls/handshake.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace shoal::tls {

namespace {

using crypto::require;

constexpr std::string_view kPlainProtocol = "libp2p";
constexpr int kAlertReasons = 1000;  // from here on OpenSSL's reasons are alerts of the peer

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

Error error_of_queue() {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  const char* text = ERR_reason_error_string(error);
  const std::string said = text != nullptr ? text : "the peer ended it";
  ERR_clear_error();
  if (error == 0) return {ErrorCode::closed, "the peer ended the TLS handshake"};
  if (reason >= kAlertReasons) {
    return {ErrorCode::closed, "the peer broke the TLS handshake off: " + said};
  }
  const bool nothing_common = reason == SSL_R_UNSUPPORTED_PROTOCOL ||
                              reason == SSL_R_NO_SHARED_CIPHER ||
                              reason == SSL_R_NO_APPLICATION_PROTOCOL;
  return {nothing_common ? ErrorCode::unsupported : ErrorCode::malformed,
          "the TLS handshake failed: " + said};
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
  static Handshake& of(const SSL* ssl) { return *static_cast<Handshake*>(SSL_get_app_data(ssl)); }

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
      handshake.failure_ = error;
    } catch (...) {
      handshake.failure_.emplace(ErrorCode::failed, "the certificate could not be verified");
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

  static void key_log(const SSL* ssl, const char* line) noexcept { of(ssl).keep_secret(line); }
};

void Handshake::set_callbacks(SSL_CTX* settings) {
  SSL_CTX_set_verify(settings, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(settings, Callbacks::verify, nullptr);
  SSL_CTX_set_alpn_select_cb(settings, Callbacks::select_protocol, nullptr);
  SSL_CTX_set_keylog_callback(settings, Callbacks::key_log);
}

Handshake::Handshake(HandshakeConfig config, const crypto::RandomFill& random)
    : config_(std::move(config)), random_(random), protocols_(alpn_list(config_.muxers)) {
  const crypto::RandomScope scope(random_);
  ssl_ = SSL_new(config_.identity->settings());
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  require(ssl_ != nullptr && in_ != nullptr && out_ != nullptr, "no memory for a TLS handshake");
  BIO_set_mem_eof_return(in_, -1);  // nothing there yet: not the end
  SSL_set_bio(ssl_, in_, out_);
  SSL_set_app_data(ssl_, this);
  if (config_.role == Role::server) {
    SSL_set_accept_state(ssl_);
    return;
  }
  SSL_set_connect_state(ssl_);
  // Returns 0 for success, unlike its neighbours.
  require(
      SSL_set_alpn_protos(ssl_, protocols_.data(), static_cast<unsigned>(protocols_.size())) == 0,
      "TLS does not take the names of our muxers");
}

Handshake::~Handshake() {
  SSL_free(ssl_);
}

std::size_t Handshake::body_bytes(ByteView header) {
  SHOAL_CHECK(header.size() == kHeaderBytes);
  if (header[0] < 20 || header[0] > 23 || header[1] != 3) {
    throw Error(ErrorCode::malformed, "not a TLS record");
  }
  const std::size_t bytes = std::size_t{header[3]} << 8 | header[4];
  if (kHeaderBytes + bytes > kMaxRecordBytes) {
    throw Error(ErrorCode::limit, "a TLS record is too long");
  }
  return bytes;
}

Bytes Handshake::advance(ByteView record) {
  SHOAL_CHECK(!finished_ && !failure_);
  received_bytes_ += record.size();
  if (received_bytes_ > kMaxBytes) {
    failure_.emplace(ErrorCode::limit, "the TLS handshake is too long");
    return {};
  }
  if (!record.empty()) {
    require(BIO_write(in_, record.data(), static_cast<int>(record.size())) ==
                static_cast<int>(record.size()),
            "no memory for a TLS handshake");
  }
  run();
  return take_output();
}

void Handshake::run() {
  const crypto::RandomScope scope(random_);
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) {
    if (SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) fail();
    return;
  }
  finished_ = key_ && client_secret_ && server_secret_;
  if (!finished_) failure_.emplace(ErrorCode::malformed, "the TLS handshake proved nothing");
}

void Handshake::fail() {
  const Error said = error_of_queue();
  if (!failure_) failure_ = said;
}

void Handshake::check_peer(ByteView certificate) {
  crypto::PublicKey key = verified_identity(certificate, config_.now);
  if (config_.expected_peer && !config_.expected_peer->matches(key)) {
    throw wrong_peer(*config_.expected_peer, key);
  }
  key_ = std::move(key);
}

/// "LABEL client-random secret", both in hexadecimal (NSS key log format): the one way in which
/// OpenSSL tells a traffic secret.
void Handshake::keep_secret(std::string_view line) {
  const std::string_view label = line.substr(0, line.find(' '));
  const bool of_client = label == "CLIENT_TRAFFIC_SECRET_0";
  if (!of_client && label != "SERVER_TRAFFIC_SECRET_0") return;
  const std::string_view hex = line.substr(line.rfind(' ') + 1);
  if (hex.size() != 2 * TrafficSecret::kBytes) return;
  Bytes secret = from_hex(hex);
  (of_client ? client_secret_ : server_secret_).emplace(secret);
  crypto::wipe(secret);
}

Bytes Handshake::take_output() {
  Bytes out(BIO_ctrl_pending(out_));
  if (out.empty()) return out;
  const int count = BIO_read(out_, out.data(), static_cast<int>(out.size()));
  SHOAL_CHECK(count == static_cast<int>(out.size()));
  return out;
}

std::string Handshake::chosen_muxer() const {
  const unsigned char* name = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(ssl_, &name, &bytes);
  const std::string chosen(as_text({name, bytes}));
  if (chosen.empty() || chosen == kPlainProtocol) return {};
  if (std::ranges::find(config_.muxers, chosen) == config_.muxers.end()) {
    throw Error(ErrorCode::malformed, "the peer chose a muxer that we did not offer");
  }
  return chosen;
}

HandshakeResult Handshake::take_result() {
  SHOAL_CHECK(finished_);
  const bool is_client = config_.role == Role::client;
  return {.suite = static_cast<Suite>(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_))),
          .send = is_client ? *client_secret_ : *server_secret_,
          .receive = is_client ? *server_secret_ : *client_secret_,
          .peer = PeerId::from_public_key(*key_),
          .key = *key_,
          .muxer = chosen_muxer()};
}

}  // namespace shoal::tls
