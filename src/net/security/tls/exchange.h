#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/given_random.h"
#include "net/security/tls/key_schedule.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct bio_st BIO;

namespace shoal::tls {

enum class Role { client, server };

/// A TLS 1.3 handshake by OpenSSL, without I/O: records in, records out, and the traffic secrets in
/// the end. What makes the other side acceptable is for who derives from it to say.
class Exchange {
 public:
  static constexpr std::size_t kHeaderBytes = 5;
  /// Of one record. Far above an honest handshake's largest.
  static constexpr std::size_t kMaxRecordBytes = kHeaderBytes + 16'384 + 256;

  virtual ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// The size of the body behind a record's header. Throws Error{malformed} for what is not TLS,
  /// {limit}.
  static std::size_t body_bytes(ByteView header);

  /// Takes the next record of the peer; at first a client is given nothing. Returns what to send,
  /// which may be an alert that tells the peer why it failed: send it, then look at failure().
  Bytes advance(ByteView record);

  /// Final. Error{refused} for another peer than the expected one, {malformed} or {limit} for a
  /// certificate or message that is not acceptable, {unsupported} when there is no common version,
  /// cipher or application protocol, {closed} for an alert of the peer.
  const std::optional<Error>& failure() const { return failure_; }
  bool finished() const { return finished_; }

  /// For settings: has OpenSSL tell an Exchange its secrets.
  static void set_key_log(SSL_CTX* settings);

 protected:
  /// `max_bytes`: of all records of the peer, headers included. Borrows `random` for its life.
  Exchange(SSL_CTX* settings, Role role, std::size_t max_bytes, const crypto::RandomFill& random);

  /// Of one that OpenSSL calls back for.
  static Exchange& of(const SSL* ssl);
  SSL* ssl() const { return ssl_; }
  void set_failure(const Error& error) { failure_ = error; }
  /// When finished().
  TrafficKeys keys() const;

 private:
  virtual bool has_proof() const = 0;
  /// What OpenSSL says of a failure, in better words.
  virtual Error explained(Error said) const { return said; }
  void keep_secret(std::string_view key_log_line);
  void run();
  Bytes take_output();

  const Role role_;
  const std::size_t max_bytes_;
  const crypto::RandomFill& random_;
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;   // owned by ssl_
  BIO* out_ = nullptr;  // the same
  std::size_t received_bytes_ = 0;
  bool finished_ = false;
  std::optional<Error> failure_;
  std::optional<TrafficSecret> client_secret_;
  std::optional<TrafficSecret> server_secret_;
};

}  // namespace shoal::tls
