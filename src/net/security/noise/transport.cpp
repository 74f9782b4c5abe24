#include "net/security/noise/transport.h"

#include <algorithm>

#include "base/error.h"

namespace shoal::noise {

namespace {

constexpr std::size_t kOverheadBytes = kLengthBytes + kTagBytes;

[[noreturn]] void refuse_short_body() {
  throw Error(ErrorCode::malformed, "a Noise frame is shorter than its tag");
}

}  // namespace

std::size_t FrameSealer::sealed_bytes(std::size_t plaintext_bytes) {
  const std::size_t frames = (plaintext_bytes + kMaxPlaintextBytes - 1) / kMaxPlaintextBytes;
  return plaintext_bytes + frames * kOverheadBytes;
}

std::size_t FrameSealer::seal(Gathered& from, MutableBytes out) {
  SHOAL_CHECK(out.size() >= std::min(kMaxFrameBytes, sealed_bytes(from.remaining_bytes())));
  std::size_t written = 0;
  while (from.remaining_bytes() > 0) {
    const std::size_t plaintext = std::min(from.remaining_bytes(), kMaxPlaintextBytes);
    const std::size_t body = plaintext + kTagBytes;
    const auto frame = out.subspan(written);
    if (frame.size() < kLengthBytes + body) break;

    frame[0] = static_cast<std::uint8_t>(body >> 8);
    frame[1] = static_cast<std::uint8_t>(body);
    views_.clear();
    from.take(plaintext, views_);
    cipher_.seal({}, views_, frame.subspan(kLengthBytes, body));
    written += kLengthBytes + body;
  }
  return written;
}

void FrameSealer::append(std::span<const ByteView> pieces, Bytes& out) {
  Gathered from(pieces);
  const std::size_t at = out.size();
  out.resize(at + sealed_bytes(from.remaining_bytes()));
  const std::size_t written = seal(from, MutableBytes(out).subspan(at));
  SHOAL_CHECK(at + written == out.size());
}

std::size_t FrameOpener::body_bytes(ByteView length) {
  SHOAL_CHECK(length.size() == kLengthBytes);
  const std::size_t bytes = std::size_t{length[0]} << 8 | length[1];
  if (bytes < kTagBytes) refuse_short_body();
  return bytes;
}

void FrameOpener::open(ByteView body, MutableBytes out) {
  if (body.size() < kTagBytes) refuse_short_body();
  cipher_.open({}, body, out);
}

MutableBytes FrameOpener::open(MutableBytes body) {
  if (body.size() < kTagBytes) refuse_short_body();
  const auto plaintext = body.first(plaintext_bytes(body.size()));
  cipher_.open({}, body, plaintext);
  return plaintext;
}

}  // namespace shoal::noise
