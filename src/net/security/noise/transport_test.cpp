#include "net/security/noise/transport.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/security/noise/receive_buffer.h"

namespace shoal::noise {
namespace {

CipherState cipher(std::uint64_t messages = 0) {
  return CipherState(Bytes(32, 1), messages);
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

Bytes sealed(FrameSealer& sealer, ByteView plaintext) {
  Bytes out;
  sealer.append({&plaintext, 1}, out);
  return out;
}

/// Opens all frames of `wire`.
Bytes opened(FrameOpener& opener, Bytes wire) {
  Bytes plaintext;
  for (MutableBytes rest(wire); !rest.empty();) {
    const std::size_t body = FrameOpener::body_bytes(rest.first(kLengthBytes));
    append(plaintext, opener.open(rest.subspan(kLengthBytes, body)));
    rest = rest.subspan(kLengthBytes + body);
  }
  return plaintext;
}

TEST(NoiseTransport, cuts_bytes_into_the_largest_frames) {
  for (const std::size_t size : {1UL, 65518UL, 65519UL, 65520UL, 131038UL, 131039UL, 1UL << 20}) {
    FrameSealer sealer(cipher());
    FrameOpener opener(cipher());
    const auto plaintext = pattern(size);
    const auto wire = sealed(sealer, plaintext);
    EXPECT_EQ(wire.size(), FrameSealer::sealed_bytes(size));
    EXPECT_EQ(wire.size(), size + (size + 65518) / 65519 * 18);
    EXPECT_EQ(opened(opener, wire), plaintext);
  }
  FrameSealer sealer(cipher());
  EXPECT_EQ(sealed(sealer, {}), Bytes());
}

TEST(NoiseTransport, fills_the_largest_frame) {
  FrameSealer sealer(cipher());
  const auto wire = sealed(sealer, pattern(kMaxPlaintextBytes));
  EXPECT_EQ(wire.size(), kMaxFrameBytes);
  EXPECT_EQ(to_hex(ByteView(wire).first(2)), "ffff");
}

TEST(NoiseTransport, seals_pieces_as_it_seals_the_whole) {
  const auto plaintext = pattern(200'000);
  const ByteView view(plaintext);
  const ByteView pieces[] = {{},
                             view.first(12),
                             view.subspan(12, 65507),
                             view.subspan(65519, 1),
                             {},
                             view.subspan(65520, 100'000),
                             view.subspan(165'520)};
  FrameSealer whole(cipher());
  FrameSealer gathered(cipher());
  Bytes out = to_bytes("before");
  gathered.append(pieces, out);
  EXPECT_EQ(as_text(ByteView(out).first(6)), "before");
  out.erase(out.begin(), out.begin() + 6);
  EXPECT_EQ(out, sealed(whole, view));
}

TEST(NoiseTransport, seals_into_a_small_buffer_frame_by_frame) {
  const auto plaintext = pattern(200'000);
  const ByteView view(plaintext);
  Gathered from({&view, 1});
  FrameSealer sealer(cipher());
  FrameOpener opener(cipher());
  Bytes buffer(kMaxFrameBytes + 100);
  Bytes received;
  while (from.remaining_bytes() > 0) {
    const std::size_t written = sealer.seal(from, buffer);
    EXPECT_LE(written, kMaxFrameBytes);
    append(received, opened(opener, to_bytes(ByteView(buffer).first(written))));
  }
  EXPECT_EQ(received, plaintext);
}

TEST(NoiseTransport, opens_to_another_place) {
  FrameSealer sealer(cipher());
  FrameOpener opener(cipher());
  const auto wire = sealed(sealer, as_bytes("hello"));
  Bytes out(5);
  opener.open(ByteView(wire).subspan(kLengthBytes), out);
  EXPECT_EQ(as_text(out), "hello");
}

TEST(NoiseTransport, opens_a_frame_without_plaintext) {
  auto sender = cipher();
  Bytes body(kTagBytes);
  sender.seal({}, {}, body);
  FrameOpener opener(cipher());
  EXPECT_TRUE(opener.open(MutableBytes(body)).empty());
}

TEST(NoiseTransport, refuses_frames_shorter_than_a_tag) {
  EXPECT_THROW(FrameOpener::body_bytes(from_hex("0000")), Error);
  EXPECT_THROW(FrameOpener::body_bytes(from_hex("000f")), Error);
  EXPECT_EQ(FrameOpener::body_bytes(from_hex("0010")), 16);
  FrameOpener opener(cipher());
  Bytes body(15);
  EXPECT_THROW(opener.open(MutableBytes(body)), Error);
}

TEST(NoiseTransport, refuses_frames_changed_replayed_or_out_of_order) {
  FrameSealer sealer(cipher());
  const auto first = sealed(sealer, as_bytes("first"));
  const auto second = sealed(sealer, as_bytes("second"));
  for (std::size_t at = kLengthBytes; at < first.size(); ++at) {
    auto changed = first;
    changed[at] ^= 1;
    FrameOpener opener(cipher());
    EXPECT_THROW(opened(opener, changed), Error);
  }
  FrameOpener skipping(cipher());
  EXPECT_THROW(opened(skipping, second), Error);
  FrameOpener replayed(cipher());
  EXPECT_EQ(opened(replayed, first), to_bytes("first"));
  EXPECT_THROW(opened(replayed, first), Error);
}

TEST(NoiseTransport, stops_before_nonces_repeat) {
  FrameSealer sealer(cipher(CipherState::kMaxMessages - 1));
  sealed(sealer, as_bytes("last"));
  EXPECT_THROW(sealed(sealer, as_bytes("one more")), Error);
}

/// Gives `wire` to the buffer in pieces of `step` bytes, as far as there is space.
std::vector<Bytes> bodies(ReceiveBuffer& buffer, ByteView wire, std::size_t step) {
  std::vector<Bytes> found;
  while (!wire.empty()) {
    const auto space = buffer.space();
    EXPECT_FALSE(space.empty());
    const std::size_t size = std::min({space.size(), wire.size(), step});
    std::copy_n(wire.begin(), size, space.begin());
    buffer.filled(size);
    wire = wire.subspan(size);
    while (const auto body = buffer.next_body()) found.push_back(to_bytes(*body));
  }
  return found;
}

TEST(NoiseReceiveBuffer, finds_the_frames_however_they_arrive) {
  std::vector<Bytes> expected;
  Bytes wire;
  for (const std::size_t size : {16UL, 17UL, 5000UL, 65535UL, 65535UL, 16UL, 300UL, 65535UL}) {
    expected.push_back(pattern(size));
    append(wire, Bytes{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
    append(wire, expected.back());
  }
  for (const std::size_t step : {1UL, 2UL, 3UL, 1000UL, 4096UL, 65537UL, wire.size()}) {
    ReceiveBuffer buffer;
    EXPECT_EQ(bodies(buffer, wire, step), expected) << step;
  }
}

// Memory once grew with frames that nobody took out (jvm-libp2p, 2026).
TEST(NoiseReceiveBuffer, A11_never_holds_more_than_two_frames) {
  Bytes wire;
  for (int i = 0; i < 40; ++i) {
    append(wire, from_hex("ffff"));
    append(wire, pattern(65535));
  }
  ReceiveBuffer buffer;
  EXPECT_EQ(bodies(buffer, wire, wire.size()).size(), 40);
  EXPECT_LE(buffer.capacity_bytes(), ReceiveBuffer::kMaxBytes);
}

TEST(NoiseReceiveBuffer, is_small_again_when_little_arrives) {
  ReceiveBuffer buffer;
  Bytes large = from_hex("ffff");
  append(large, pattern(65535));
  EXPECT_EQ(bodies(buffer, large, large.size()).size(), 1);
  EXPECT_GT(buffer.capacity_bytes(), ReceiveBuffer::kMinBytes);
  Bytes small = from_hex("0010");
  append(small, pattern(16));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(bodies(buffer, small, small.size()).size(), 1);
  EXPECT_EQ(buffer.capacity_bytes(), ReceiveBuffer::kMinBytes);
}

TEST(NoiseReceiveBuffer, refuses_a_frame_shorter_than_a_tag_as_soon_as_its_length_is_known) {
  ReceiveBuffer buffer;
  const auto space = buffer.space();
  space[0] = 0;
  space[1] = 15;
  buffer.filled(2);
  EXPECT_THROW(buffer.next_body(), Error);
}

}  // namespace
}  // namespace shoal::noise
