#include "net/security/noise/handshake.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "format/key_codec.h"

namespace shoal::noise {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

std::array<std::uint8_t, 32> secret(std::uint8_t value) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(value);
  return bytes;
}

PrivateKey identity(std::uint8_t value) {
  return PrivateKey::ed25519_from_seed(secret(value));
}

HandshakeConfig config(Role role) {
  const bool initiator = role == Role::initiator;
  return {.role = role,
          .static_key = StaticKey::make(identity(initiator ? 1 : 2), secret(initiator ? 3 : 4)),
          .ephemeral_secret = secret(initiator ? 5 : 6),
          .expected_peer = {},
          .muxers = {}};
}

/// The message as the glue would cut it off the wire.
Bytes unframed(const Bytes& framed) {
  const auto length = ByteView(framed).first(Handshake::kLengthBytes);
  EXPECT_EQ(Handshake::message_bytes(length) + length.size(), framed.size());
  return to_bytes(ByteView(framed).subspan(length.size()));
}

struct Pair {
  Handshake initiator;
  Handshake responder;

  explicit Pair(HandshakeConfig a = config(Role::initiator),
                HandshakeConfig b = config(Role::responder))
      : initiator(std::move(a)), responder(std::move(b)) {}

  bool done() const { return initiator.finished() && responder.finished(); }

  /// Runs all messages through `change`, which is told their number.
  void run(const std::function<void(int, Bytes&)>& change = [](int, Bytes&) {}) {
    for (int number = 0; number < 3; ++number) {
      auto& writer = number == 1 ? responder : initiator;
      auto& reader = number == 1 ? initiator : responder;
      auto message = unframed(writer.write_message());
      change(number, message);
      reader.read_message(message);
    }
  }
};

ErrorCode failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::failed;
}

void expect_same_session(HandshakeResult& a, HandshakeResult& b) {
  const ByteView text = as_bytes("hello");
  for (auto [from, to] : {std::pair{&a.send, &b.receive}, {&b.send, &a.receive}}) {
    Bytes sealed(text.size() + kTagBytes);
    Bytes opened(text.size());
    from->seal({}, {&text, 1}, sealed);
    to->open({}, sealed, opened);
    EXPECT_TRUE(equal(opened, text));
  }
}

TEST(NoiseHandshake, ends_with_both_knowing_each_other_and_the_same_keys) {
  Pair pair;
  pair.run();
  ASSERT_TRUE(pair.done());
  auto a = pair.initiator.take_result();
  auto b = pair.responder.take_result();
  EXPECT_EQ(a.key, identity(2).public_key());
  EXPECT_EQ(b.key, identity(1).public_key());
  EXPECT_EQ(a.peer, PeerId::from_public_key(a.key));
  EXPECT_EQ(b.peer, PeerId::from_public_key(b.key));
  EXPECT_EQ(a.muxer, "");
  EXPECT_EQ(b.muxer, "");
  expect_same_session(a, b);
}

TEST(NoiseHandshake, takes_turns) {
  Pair pair;
  EXPECT_TRUE(pair.initiator.is_writer());
  EXPECT_FALSE(pair.responder.is_writer());
  pair.responder.read_message(unframed(pair.initiator.write_message()));
  EXPECT_FALSE(pair.initiator.is_writer());
  EXPECT_TRUE(pair.responder.is_writer());
  pair.initiator.read_message(unframed(pair.responder.write_message()));
  EXPECT_TRUE(pair.initiator.is_writer());
  EXPECT_FALSE(pair.responder.is_writer());
  EXPECT_FALSE(pair.responder.finished());
}

TEST(NoiseHandshake, works_with_every_type_of_identity) {
  for (const auto type : {KeyType::rsa, KeyType::ed25519, KeyType::secp256k1, KeyType::ecdsa}) {
    auto a = config(Role::initiator);
    auto b = config(Role::responder);
    const auto a_identity = PrivateKey::generate(type);
    const auto b_identity = PrivateKey::generate(type);
    a.static_key = StaticKey::make(a_identity, secret(3));
    b.static_key = StaticKey::make(b_identity, secret(4));
    a.expected_peer = PeerId::from_public_key(b_identity.public_key());
    const auto a_key = a_identity.public_key();
    Pair pair(std::move(a), std::move(b));
    pair.run();
    EXPECT_EQ(pair.responder.take_result().key, a_key);
  }
}

TEST(NoiseHandshake, refuses_another_peer_than_the_expected_one) {
  auto a = config(Role::initiator);
  a.expected_peer = PeerId::from_public_key(identity(9).public_key());
  Pair dialled(std::move(a));
  EXPECT_EQ(failure([&] { dialled.run(); }), ErrorCode::refused);
  EXPECT_FALSE(dialled.initiator.is_writer());
  EXPECT_FALSE(dialled.initiator.finished());

  auto b = config(Role::responder);
  b.expected_peer = PeerId::from_public_key(identity(9).public_key());
  Pair listening(config(Role::initiator), std::move(b));
  EXPECT_EQ(failure([&] { listening.run(); }), ErrorCode::refused);
  EXPECT_FALSE(listening.responder.finished());
}

// The responder is played by hand: everything is right but the signature, made by another key.
TEST(NoiseHandshake, refuses_a_bad_signature) {
  for (const bool forged : {false, true}) {
    Handshake initiator(config(Role::initiator));
    const crypto::X25519KeyPair static_key(secret(4));
    XxHandshake responder(Role::responder, static_key, crypto::X25519KeyPair(secret(6)));
    responder.read_message(unframed(initiator.write_message()));
    auto payload = signed_payload(identity(2), responder.local_static(), {});
    if (forged) {
      payload.identity_signature =
          signed_payload(identity(9), responder.local_static(), {}).identity_signature;
    }
    const auto message = responder.write_message(encode_payload(payload));
    if (forged) {
      EXPECT_EQ(failure([&] { initiator.read_message(message); }), ErrorCode::malformed);
      EXPECT_FALSE(initiator.is_writer());
    } else {
      EXPECT_NO_THROW(initiator.read_message(message));
    }
  }
}

TEST(NoiseHandshake, refuses_a_payload_in_the_first_message) {
  const crypto::X25519KeyPair static_key(secret(3));
  XxHandshake initiator(Role::initiator, static_key, crypto::X25519KeyPair(secret(5)));
  Handshake responder(config(Role::responder));
  const auto message = initiator.write_message(as_bytes("early"));
  EXPECT_EQ(failure([&] { responder.read_message(message); }), ErrorCode::malformed);
}

/// The lengths of the three messages.
std::array<std::size_t, 3> message_sizes() {
  std::array<std::size_t, 3> sizes{};
  Pair().run([&](int number, Bytes& message) {
    sizes[static_cast<std::size_t>(number)] = message.size();
  });
  return sizes;
}

TEST(NoiseHandshake, refuses_messages_truncated_at_every_length) {
  const auto sizes = message_sizes();
  for (int changed = 0; changed < 3; ++changed) {
    for (std::size_t size = 0; size < sizes[static_cast<std::size_t>(changed)]; ++size) {
      Pair pair;
      EXPECT_EQ(failure([&] {
                  pair.run([&](int number, Bytes& message) {
                    if (number == changed) message.resize(size);
                  });
                }),
                ErrorCode::malformed)
          << changed << " " << size;
      EXPECT_FALSE(pair.done());
    }
  }
}

TEST(NoiseHandshake, refuses_messages_changed_at_every_byte) {
  const auto sizes = message_sizes();
  for (int changed = 0; changed < 3; ++changed) {
    for (std::size_t at = 0; at < sizes[static_cast<std::size_t>(changed)]; ++at) {
      Pair pair;
      EXPECT_EQ(failure([&] {
                  pair.run([&](int number, Bytes& message) {
                    if (number == changed) message[at] ^= 1;
                  });
                }),
                ErrorCode::malformed)
          << changed << " " << at;
      EXPECT_FALSE(pair.done());
    }
  }
}

TEST(NoiseHandshake, refuses_messages_with_a_byte_more) {
  for (int changed = 0; changed < 3; ++changed) {
    Pair pair;
    EXPECT_EQ(failure([&] {
                pair.run([&](int number, Bytes& message) {
                  if (number == changed) message.push_back(0);
                });
              }),
              ErrorCode::malformed);
  }
}

TEST(NoiseHandshake, refuses_its_own_first_message) {
  Handshake initiator(config(Role::initiator));
  const auto message = unframed(initiator.write_message());
  EXPECT_EQ(failure([&] { initiator.read_message(message); }), ErrorCode::malformed);
}

TEST(NoiseHandshake, reads_messages_of_up_to_8192_bytes) {
  EXPECT_EQ(Handshake::message_bytes(from_hex("2000")), 8192);
  EXPECT_EQ(Handshake::message_bytes(from_hex("0000")), 0);
  EXPECT_EQ(failure([&] { Handshake::message_bytes(from_hex("2001")); }), ErrorCode::limit);
  EXPECT_EQ(failure([&] { Handshake::message_bytes(from_hex("ffff")); }), ErrorCode::limit);
  Handshake responder(config(Role::responder));
  EXPECT_EQ(failure([&] { responder.read_message(Bytes(8193)); }), ErrorCode::limit);
}

using Muxers = std::vector<std::string>;

std::pair<std::string, std::string> agree(Muxers of_initiator, Muxers of_responder) {
  auto a = config(Role::initiator);
  auto b = config(Role::responder);
  a.muxers = std::move(of_initiator);
  b.muxers = std::move(of_responder);
  Pair pair(std::move(a), std::move(b));
  pair.run();
  return {pair.initiator.take_result().muxer, pair.responder.take_result().muxer};
}

TEST(NoiseHandshake, picks_the_initiators_first_muxer_that_both_speak) {
  const auto both = [](const char* muxer) {
    return std::pair<std::string, std::string>(muxer, muxer);
  };
  EXPECT_EQ(agree({"/yamux/1.0.0", "/mplex/6.7.0"}, {"/mplex/6.7.0", "/yamux/1.0.0"}),
            both("/yamux/1.0.0"));
  EXPECT_EQ(agree({"/new", "/yamux/1.0.0"}, {"/yamux/1.0.0"}), both("/yamux/1.0.0"));
}

TEST(NoiseHandshake, leaves_the_muxer_open_when_one_side_names_none) {
  const std::pair<std::string, std::string> none;
  EXPECT_EQ(agree({"/yamux/1.0.0"}, {}), none);
  EXPECT_EQ(agree({}, {"/yamux/1.0.0"}), none);
}

TEST(NoiseHandshake, fails_when_there_is_no_muxer_in_common) {
  EXPECT_EQ(failure([] { agree({"/yamux/1.0.0"}, {"/mplex/6.7.0"}); }), ErrorCode::unsupported);
}

}  // namespace
}  // namespace shoal::noise
