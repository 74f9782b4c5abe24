#include "net/security/tls/exchange.h"

#include <openssl/ssl.h>

#include <string>

#include "crypto/openssl.h"
#include "crypto/wipe.h"

namespace shoal::tls {

namespace {

using crypto::require;

constexpr int kAlertReasons = 1000;  // from here on OpenSSL's reasons are alerts of the peer

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

}  // namespace

Exchange& Exchange::of(const SSL* ssl) {
  return *static_cast<Exchange*>(SSL_get_app_data(ssl));
}

void Exchange::set_key_log(SSL_CTX* settings) {
  SSL_CTX_set_keylog_callback(
      settings, [](const SSL* ssl, const char* line) noexcept { of(ssl).keep_secret(line); });
}

Exchange::Exchange(SSL_CTX* settings, Role role, std::size_t max_bytes,
                   const crypto::RandomFill& random)
    : role_(role), max_bytes_(max_bytes), random_(random) {
  const crypto::RandomScope scope(random_);
  ssl_ = SSL_new(settings);
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  require(ssl_ != nullptr && in_ != nullptr && out_ != nullptr, "no memory for a TLS handshake");
  BIO_set_mem_eof_return(in_, -1);  // nothing there yet: not the end
  SSL_set_bio(ssl_, in_, out_);
  SSL_set_app_data(ssl_, this);
  if (role_ == Role::server) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
}

Exchange::~Exchange() {
  SSL_free(ssl_);
}

std::size_t Exchange::body_bytes(ByteView header) {
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

Bytes Exchange::advance(ByteView record) {
  SHOAL_CHECK(!finished_ && !failure_);
  received_bytes_ += record.size();
  if (received_bytes_ > max_bytes_) {
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

void Exchange::run() {
  const crypto::RandomScope scope(random_);
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done != 1) {
    if (SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ) return;
    const Error said = explained(error_of_queue());
    if (!failure_) failure_ = said;
    return;
  }
  finished_ = has_proof() && client_secret_ && server_secret_;
  if (!finished_) failure_.emplace(ErrorCode::malformed, "the TLS handshake proved nothing");
}

/// "LABEL client-random secret", both in hexadecimal (NSS key log format): the one way in which
/// OpenSSL tells a traffic secret.
void Exchange::keep_secret(std::string_view line) {
  const std::string_view label = line.substr(0, line.find(' '));
  const bool of_client = label == "CLIENT_TRAFFIC_SECRET_0";
  if (!of_client && label != "SERVER_TRAFFIC_SECRET_0") return;
  const std::string_view hex = line.substr(line.rfind(' ') + 1);
  if (hex.size() != 2 * TrafficSecret::kBytes) return;
  Bytes secret = from_hex(hex);
  (of_client ? client_secret_ : server_secret_).emplace(secret);
  crypto::wipe(secret);
}

Bytes Exchange::take_output() {
  Bytes out(BIO_ctrl_pending(out_));
  if (out.empty()) return out;
  const int count = BIO_read(out_, out.data(), static_cast<int>(out.size()));
  SHOAL_CHECK(count == static_cast<int>(out.size()));
  return out;
}

TrafficKeys Exchange::keys() const {
  SHOAL_CHECK(finished_);
  const bool is_client = role_ == Role::client;
  return {.suite = static_cast<Suite>(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_))),
          .send = is_client ? *client_secret_ : *server_secret_,
          .receive = is_client ? *server_secret_ : *client_secret_};
}

}  // namespace shoal::tls
