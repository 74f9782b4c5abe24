#include "net/security/tls/handshake.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <functional>
#include <map>
#include <vector>

#include "crypto/certificate.h"
#include "format/key_codec.h"
#include "net/security/tls/handshake_testing.h"

namespace shoal::tls {
namespace {

using testing::counting_random;
using testing::kTestTime;
using testing::TestPeer;

crypto::PrivateKey tls_key(std::uint8_t seed) {
  return crypto::PrivateKey::ed25519_from_seed(Bytes(32, seed));
}

template <class Call>
ErrorCode tls_failure(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "did not fail";
  return ErrorCode::failed;
}

TEST(TlsIdentity, reads_the_certificates_of_the_spec) {
  std::ifstream file(SHOAL_SOURCE_DIR "/src/crypto/testdata/spec_certificates.txt");
  std::size_t count = 0;
  for (std::string peer, hex; file >> peer >> hex; ++count) {
    const Bytes der = from_hex(hex);
    if (peer == "invalid") {
      EXPECT_EQ(tls_failure([&] { verified_identity(der, kTestTime); }), ErrorCode::malformed);
    } else {
      const PeerId id = PeerId::from_public_key(verified_identity(der, kTestTime));
      EXPECT_EQ(id, PeerId::parse(peer));
    }
  }
  EXPECT_EQ(count, 4U);
}

/// A certificate whose extension is this.
Bytes certificate_with(const crypto::CertificateKey& key, const crypto::SignedKey& proof) {
  const crypto::CertificateExtension extension{crypto::kSignedKeyIdentifier, false,
                                               crypto::encode_signed_key(proof)};
  return key.certify(counting_random(2), {&extension, 1});
}

TEST(TlsIdentity, takes_identities_of_every_type_of_key) {
  for (const auto type : {crypto::KeyType::ed25519, crypto::KeyType::secp256k1,
                          crypto::KeyType::ecdsa, crypto::KeyType::rsa}) {
    const auto identity = crypto::PrivateKey::generate(type);
    const auto key = crypto::CertificateKey::generate(counting_random(1));
    const Bytes der = crypto::make_certificate(
        key, identity, encode_public_key(identity.public_key()), counting_random(2));
    EXPECT_EQ(verified_identity(der, kTestTime), identity.public_key());
  }
}

TEST(TlsIdentity, refuses_signatures_that_are_zero_of_another_key_or_cut) {
  const auto key = crypto::CertificateKey::generate(counting_random(1));
  const Bytes to_sign = crypto::to_sign_for_certificate(key.public_key_info());
  const Bytes encoded = encode_public_key(tls_key(1).public_key());
  const Bytes honest = tls_key(1).sign(to_sign);
  EXPECT_NO_THROW(verified_identity(certificate_with(key, {encoded, honest}), kTestTime));
  const Bytes cut(honest.begin(), honest.end() - 1);
  for (const Bytes& signature : {Bytes(64), Bytes(64, 0xff), tls_key(2).sign(to_sign),
                                 tls_key(1).sign(key.public_key_info()), cut, Bytes()}) {
    const Bytes der = certificate_with(key, {encoded, signature});
    EXPECT_EQ(tls_failure([&] { verified_identity(der, kTestTime); }), ErrorCode::malformed);
  }
}

TEST(TlsIdentity, refuses_a_huge_rsa_identity_without_arithmetic_on_it) {
  // A PublicKey message with a modulus of 9000 bits.
  Bytes numbers = from_hex("3082046d0282046600");
  numbers.resize(numbers.size() + 1125, 0xff);
  append(numbers, from_hex("0203010001"));
  Bytes info = from_hex("30820486300d06092a864886f70d01010105000382047200");
  numbers[2] = static_cast<std::uint8_t>((numbers.size() - 4) >> 8);
  numbers[3] = static_cast<std::uint8_t>(numbers.size() - 4);
  info[21] = static_cast<std::uint8_t>((numbers.size() + 1) >> 8);
  info[22] = static_cast<std::uint8_t>(numbers.size() + 1);
  append(info, numbers);
  info[2] = static_cast<std::uint8_t>((info.size() - 4) >> 8);
  info[3] = static_cast<std::uint8_t>(info.size() - 4);
  Bytes encoded = {0x08, 0x00, 0x12};
  encoded.push_back(static_cast<std::uint8_t>(0x80 | (info.size() & 0x7f)));
  encoded.push_back(static_cast<std::uint8_t>(info.size() >> 7));
  append(encoded, info);
  const auto key = crypto::CertificateKey::generate(counting_random(1));
  const Bytes der = certificate_with(key, {encoded, Bytes(256, 1)});
  EXPECT_EQ(tls_failure([&] { verified_identity(der, kTestTime); }), ErrorCode::limit);
}

TEST(TlsHandshake, proves_who_both_are) {
  TestPeer client(Role::client, 1);
  TestPeer server(Role::server, 2);
  testing::shake_hands(client, server);
  ASSERT_TRUE(client->finished() && server->finished());
  const HandshakeResult of_client = client->take_result();
  const HandshakeResult of_server = server->take_result();
  EXPECT_TRUE(of_client.peer.matches(server.key.public_key()));
  EXPECT_TRUE(of_server.peer.matches(client.key.public_key()));
  EXPECT_TRUE(equal(of_client.keys.send.bytes(), of_server.keys.receive.bytes()));
  EXPECT_TRUE(equal(of_client.keys.receive.bytes(), of_server.keys.send.bytes()));
  EXPECT_EQ(of_client.keys.suite, Suite::aes_128_gcm_sha256);
  EXPECT_EQ(of_client.muxer, "/yamux/1.0.0");
}

TEST(TlsHandshake, sends_the_same_bytes_for_the_same_randomness) {
  std::vector<Bytes> firsts;
  for (int i = 0; i < 2; ++i) {
    TestPeer client(Role::client, 1);
    TestPeer server(Role::server, 2);
    const Bytes hello = client->advance({});
    firsts.push_back(hello);
    firsts.push_back(testing::feed(*server.handshake, hello));
  }
  EXPECT_EQ(firsts[0], firsts[2]);
  EXPECT_EQ(firsts[1], firsts[3]);
}

std::uint16_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

/// The extensions of a ClientHello by their numbers (RFC 8446, section 4.1.2).
std::map<std::uint16_t, Bytes> extensions_of(ByteView hello) {
  std::size_t at = 5 + 4 + 2 + 32;  // headers, version, random
  at += 1 + hello[at];              // session id
  at += 2 + number_at(hello, at);   // cipher suites
  at += 1 + hello[at];              // compression methods
  ByteView rest = hello.subspan(at + 2);
  std::map<std::uint16_t, Bytes> out;
  while (!rest.empty()) {
    const std::size_t size = number_at(rest, 2);
    out[number_at(rest, 0)] = to_bytes(rest.subspan(4, size));
    rest = rest.subspan(4 + size);
  }
  return out;
}

TEST(TlsHandshake, names_its_muxers_no_server_and_no_older_version) {
  constexpr std::uint16_t kServerName = 0;
  constexpr std::uint16_t kProtocols = 16;
  constexpr std::uint16_t kVersions = 43;
  constexpr std::uint16_t kTickets = 35;
  TestPeer client(Role::client, 1);
  const auto extensions = extensions_of(client->advance({}));
  EXPECT_FALSE(extensions.contains(kServerName));
  EXPECT_FALSE(extensions.contains(kTickets));
  EXPECT_EQ(to_hex(extensions.at(kVersions)), "020304");
  EXPECT_EQ(as_text(ByteView(extensions.at(kProtocols)).subspan(2)), "\x0c/yamux/1.0.0\x06libp2p");
}

/// The server's failure when a client of OpenSSL with these settings dials it.
std::optional<Error> failure_of_server(const std::function<void(SSL*)>& change) {
  TestPeer server(Role::server, 2);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> settings(SSL_CTX_new(TLS_method()),
                                                                   SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(settings.get()), SSL_free);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(ssl.get(), in, out);
  SSL_set_connect_state(ssl.get());
  change(ssl.get());
  for (int round = 0; round < 4 && !server->failure() && !server->finished(); ++round) {
    SSL_do_handshake(ssl.get());
    Bytes sent(BIO_ctrl_pending(out));
    if (!sent.empty()) BIO_read(out, sent.data(), static_cast<int>(sent.size()));
    const Bytes answer = testing::feed(*server.handshake, sent);
    if (!answer.empty()) BIO_write(in, answer.data(), static_cast<int>(answer.size()));
  }
  EXPECT_FALSE(server->finished());
  return server->failure();
}

TEST(TlsHandshake, refuses_a_client_without_certificate) {
  const auto failure = failure_of_server([](SSL*) {});
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
}

TEST(TlsHandshake, refuses_older_versions) {
  const auto failure =
      failure_of_server([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unsupported);
}

TEST(TlsHandshake, refuses_other_ciphers) {
  const auto failure =
      failure_of_server([](SSL* ssl) { SSL_set_ciphersuites(ssl, "TLS_AES_256_GCM_SHA384"); });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unsupported);
}

TEST(TlsHandshake, refuses_other_application_protocols) {
  const auto failure = failure_of_server([](SSL* ssl) {
    const Bytes names = to_bytes("\x02h2");
    SSL_set_alpn_protos(ssl, names.data(), static_cast<unsigned>(names.size()));
  });
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::unsupported);
}

/// A client that shows these certificates, of which the last is its own.
std::optional<Error> failure_of_server_shown(const std::vector<Bytes>& chain,
                                             const crypto::CertificateKey& key) {
  return failure_of_server([&](SSL* ssl) {
    const Bytes secret = key.private_key();
    SSL_use_certificate_ASN1(ssl, chain.front().data(), static_cast<int>(chain.front().size()));
    SSL_use_PrivateKey_ASN1(EVP_PKEY_EC, ssl, secret.data(), static_cast<long>(secret.size()));
    for (std::size_t i = 1; i < chain.size(); ++i) {
      const std::uint8_t* at = chain[i].data();
      SSL_add0_chain_cert(ssl, d2i_X509(nullptr, &at, static_cast<long>(chain[i].size())));
    }
  });
}

TEST(TlsHandshake, refuses_more_than_one_certificate) {
  const auto key = crypto::CertificateKey::generate(counting_random(1));
  const Bytes der = crypto::make_certificate(
      key, tls_key(1), encode_public_key(tls_key(1).public_key()), counting_random(2));
  const auto failure = failure_of_server_shown({der, der}, key);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
  EXPECT_NE(failure->message().find("more than one"), std::string::npos);
}

TEST(TlsHandshake, refuses_a_certificate_without_the_extension) {
  const auto key = crypto::CertificateKey::generate(counting_random(1));
  const auto failure = failure_of_server_shown({key.certify(counting_random(2), {})}, key);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code(), ErrorCode::malformed);
}

TEST(TlsHandshake, refuses_a_changed_byte_anywhere) {
  TestPeer first_client(Role::client, 1);
  const Bytes hello = first_client->advance({});
  for (std::size_t at = 0; at < hello.size(); at += 3) {
    TestPeer client(Role::client, 1);
    TestPeer server(Role::server, 2);
    Bytes changed = client->advance({});
    changed[at] ^= 1;
    try {
      const Bytes answer = testing::feed(*server.handshake, changed);
      testing::feed(*client.handshake, answer);
    } catch (const Error&) {
    }
    EXPECT_FALSE(client->finished()) << "byte " << at;
  }
}

TEST(TlsHandshake, reads_at_most_20000_bytes) {
  TestPeer server(Role::server, 2);
  // A ClientHello that never ends.
  Bytes record = from_hex("160301400001010000");
  record.resize(Handshake::kHeaderBytes + 0x4000);
  server->advance(record);
  ASSERT_FALSE(server->failure());
  Bytes rest = from_hex("1603010e1e");
  rest.resize(Handshake::kMaxBytes - record.size());
  server->advance(rest);
  ASSERT_FALSE(server->failure());
  server->advance(from_hex("160301000100"));
  ASSERT_TRUE(server->failure());
  EXPECT_EQ(server->failure()->code(), ErrorCode::limit);
}

}  // namespace
}  // namespace shoal::tls
