#include "net/transport/quic/credentials.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace shoal::quic {
namespace {

/// Lets two TLS sessions of one thread talk to each other.
struct Pipe {
  Bytes waiting;

  static ssize_t push(gnutls_transport_ptr_t to, const void* data, std::size_t count) {
    append(static_cast<Pipe*>(to)->waiting, {static_cast<const std::uint8_t*>(data), count});
    return static_cast<ssize_t>(count);
  }
  static ssize_t pull(gnutls_transport_ptr_t from, void* into, std::size_t room) {
    Bytes& waiting = static_cast<Pipe*>(from)->waiting;
    if (waiting.empty()) {
      errno = EAGAIN;
      return -1;
    }
    const auto count = static_cast<std::ptrdiff_t>(std::min(room, waiting.size()));
    std::copy_n(waiting.begin(), count, static_cast<std::uint8_t*>(into));
    waiting.erase(waiting.begin(), waiting.begin() + count);
    return count;
  }
};

void connect(gnutls_session_t session, Pipe& in, Pipe& out) {
  gnutls_transport_set_ptr2(session, &in, &out);
  gnutls_transport_set_push_function(session, &Pipe::push);
  gnutls_transport_set_pull_function(session, &Pipe::pull);
}

/// rust-libp2p asks for ChaCha20 first, whatever the machine; here it takes eight times as long.
TEST(QuicCredentials, servers_choose_aes_though_the_client_would_rather_not) {
  std::minstd_rand chance(1);
  const auto credentials = Credentials::make(crypto::PrivateKey::ed25519_from_seed(Bytes(32, 1)),
                                             [&chance](MutableBytes out) {
                                               for (auto& byte : out)
                                                 byte = static_cast<std::uint8_t>(chance());
                                             });
  TlsSession server(credentials, net::Direction::inbound, {}, {});
  gnutls_session_t client = nullptr;
  ASSERT_EQ(gnutls_init(&client, GNUTLS_CLIENT), 0);
  constexpr const char* kPriority =
      "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM";
  ASSERT_EQ(gnutls_priority_set_direct(client, kPriority, nullptr), 0);
  gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, credentials->certificate());
  Bytes name = to_bytes(as_bytes("libp2p"));
  const gnutls_datum_t application{name.data(), static_cast<unsigned>(name.size())};
  gnutls_alpn_set_protocols(client, &application, 1, 0);
  Pipe up;
  Pipe down;
  connect(client, down, up);
  connect(server.native(), up, down);
  EXPECT_EQ(gnutls_handshake(client), GNUTLS_E_AGAIN);
  EXPECT_EQ(gnutls_handshake(server.native()), GNUTLS_E_AGAIN);
  gnutls_handshake(client);  // as far as it goes
  EXPECT_EQ(gnutls_cipher_get(client), GNUTLS_CIPHER_AES_128_GCM);
  gnutls_deinit(client);
}

}  // namespace
}  // namespace shoal::quic
