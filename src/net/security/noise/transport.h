#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "net/security/gathered.h"
#include "net/security/noise/cipher_state.h"

namespace shoal::noise {

/// The data phase of libp2p's noise spec: frames of a length (2 bytes, big-endian) and a sealed
/// body of 16 to 65535 bytes. Without I/O, and without copies: bytes are sealed from where they lie
/// to where they are sent from, and opened where they were received or to where they are wanted.
inline constexpr std::size_t kLengthBytes = 2;
inline constexpr std::size_t kMaxBodyBytes = 65535;
inline constexpr std::size_t kMaxFrameBytes = kLengthBytes + kMaxBodyBytes;
inline constexpr std::size_t kMaxPlaintextBytes = kMaxBodyBytes - kTagBytes;

using net::Gathered;

/// Makes frames.
class FrameSealer {
 public:
  explicit FrameSealer(CipherState cipher) : cipher_(std::move(cipher)) {}

  /// The bytes on the wire for so many of plaintext, cut into the largest frames.
  static std::size_t sealed_bytes(std::size_t plaintext_bytes);

  /// Writes frames, each as large as the protocol allows, until nothing remains or the next one
  /// does not fit; returns the bytes written. `out` has room for kMaxFrameBytes or for all that
  /// remains, and overlaps nothing. Throws Error{limit} when the nonces are used up.
  std::size_t seal(Gathered& from, MutableBytes out);
  /// All of `pieces` to the end of `out`.
  void append(std::span<const ByteView> pieces, Bytes& out);

 private:
  CipherState cipher_;
  std::vector<ByteView> views_;  // of the current frame; kept for its memory
};

/// Opens the bodies of frames.
class FrameOpener {
 public:
  explicit FrameOpener(CipherState cipher) : cipher_(std::move(cipher)) {}

  /// The bytes of the body that the two bytes of length announce. Throws Error{malformed} below 16.
  static std::size_t body_bytes(ByteView length);
  static std::size_t plaintext_bytes(std::size_t body_bytes) { return body_bytes - kTagBytes; }

  /// Opens a whole body into `out`, 16 bytes shorter, at the same address or elsewhere. Throws
  /// Error{malformed} for what is too short or not authentic, Error{limit} when the nonces are used
  /// up; the connection is to be closed then.
  void open(ByteView body, MutableBytes out);
  /// In place: the plaintext is the front of `body`.
  MutableBytes open(MutableBytes body);

 private:
  CipherState cipher_;
};

}  // namespace shoal::noise
