// The first byte says which message of a handshake is replaced by the rest of the input: 0 to 2 on
// the wire, 3 and 4 the payload of messages 1 and 2, sealed as an honest peer would.

#include "base/error.h"
#include "net/security/noise/handshake.h"

namespace {

using namespace shoal;
using namespace shoal::noise;

std::array<std::uint8_t, 32> secret(std::uint8_t value) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(value);
  return bytes;
}

Handshake ours(Role role) {
  static const auto key =
      StaticKey::make(crypto::PrivateKey::ed25519_from_seed(secret(1)), secret(2));
  return Handshake({.role = role,
                    .static_key = key,
                    .ephemeral_secret = secret(3),
                    .expected_peer = {},
                    .muxers = {"/yamux/1.0.0"}});
}

XxHandshake theirs(Role role) {
  static const crypto::X25519KeyPair key(secret(4));
  return XxHandshake(role, key, crypto::X25519KeyPair(secret(5)));
}

Bytes written(Handshake& handshake) {
  auto message = handshake.write_message();
  message.erase(message.begin(), message.begin() + Handshake::kLengthBytes);
  return message;
}

void against_initiator(ByteView input, bool sealed) {
  auto us = ours(Role::initiator);
  auto them = theirs(Role::responder);
  them.read_message(written(us));
  us.read_message(sealed ? them.write_message(input) : to_bytes(input));
  SHOAL_CHECK(sealed && us.is_writer());
}

void against_responder(ByteView input, int message, bool sealed) {
  auto us = ours(Role::responder);
  auto them = theirs(Role::initiator);
  if (message == 0) {
    us.read_message(input);
    us.write_message();
    return;
  }
  us.read_message(them.write_message({}));
  them.read_message(written(us));
  us.read_message(sealed ? them.write_message(input) : to_bytes(input));
  SHOAL_CHECK(sealed && us.finished());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxInput = 60'000;  // with keys and tags a payload still fits a message
  if (size == 0 || size > kMaxInput) return 0;
  const ByteView input(data + 1, size - 1);
  try {
    switch (data[0] % 5) {
      case 0:
        against_responder(input, 0, false);
        break;
      case 1:
        against_initiator(input, false);
        break;
      case 2:
        against_responder(input, 2, false);
        break;
      case 3:
        against_initiator(input, true);
        break;
      case 4:
        against_responder(input, 2, true);
        break;
    }
  } catch (const Error&) {
  }
  return 0;
}
