#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "net/security/frame_buffer.h"
#include "net/security/gathered.h"
#include "net/security/tls/key_schedule.h"

namespace shoal::tls {

/// The record layer of TLS 1.3 once the handshake is over (RFC 8446, section 5), without I/O and
/// without copies. OpenSSL shakes hands and hands over the traffic secrets, as to a kernel that
/// does TLS: its own record layer copies every byte three times and returns one record per call.
///
///     header: 23, 3, 3, length (2 bytes, big-endian); body: sealed content, type, zeros; tag
inline constexpr std::size_t kHeaderBytes = 5;
inline constexpr std::size_t kTagBytes = crypto::Aead::kTagBytes;
inline constexpr std::size_t kMaxContentBytes = 16'384;
inline constexpr std::size_t kMaxBodyBytes = kMaxContentBytes + 256;
inline constexpr std::size_t kMaxRecordBytes = kHeaderBytes + kMaxBodyBytes;
/// Of content, type and tag around no content.
inline constexpr std::size_t kRecordOverheadBytes = kHeaderBytes + 1 + kTagBytes;

enum class ContentType : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

/// Records that arrive after the handshake, up to eight of them at once.
inline constexpr std::size_t kMaxReceiveBufferBytes = 8 * kMaxRecordBytes;
/// The size of the body behind a header. Throws Error{malformed} for what is no protected record,
/// Error{limit} for more than kMaxBodyBytes.
std::size_t body_bytes(ByteView header);
inline net::FrameBuffer make_receive_buffer() {
  return net::FrameBuffer({kHeaderBytes, body_bytes, kMaxReceiveBufferBytes});
}

/// Key, nonces and their renewal for one direction.
class RecordProtection {
 public:
  /// RFC 8446, section 5.5: so many full records under one AES-GCM key are safe, with a margin.
  static constexpr std::uint64_t kMaxRecordsPerKey = std::uint64_t{1} << 24;

  RecordProtection(Suite suite, const TrafficSecret& secret);

  crypto::Aead& cipher() { return cipher_; }
  crypto::Aead::Nonce next_nonce();
  bool worn_out() const { return records_ >= kMaxRecordsPerKey; }
  /// The next key, after a KeyUpdate; counts from 0 again.
  void update();

 private:
  Suite suite_;
  TrafficSecret secret_;
  crypto::Aead cipher_;
  crypto::Aead::Nonce first_nonce_;
  std::uint64_t records_ = 0;
};

/// Makes records.
class RecordSealer {
 public:
  RecordSealer(Suite suite, const TrafficSecret& secret) : protection_(suite, secret) {}

  /// The bytes on the wire for so many of content, cut into the largest records.
  static std::size_t sealed_bytes(std::size_t content_bytes);

  /// Writes records of application data, each as large as the protocol allows, until nothing
  /// remains or the next one does not fit; returns the bytes written. `out` has room for one record
  /// or for all that remains, and overlaps nothing.
  std::size_t seal(net::Gathered& from, MutableBytes out);
  /// One record of another type.
  Bytes seal(ContentType type, ByteView content);

  bool worn_out() const { return protection_.worn_out(); }
  void update() { protection_.update(); }

 private:
  std::size_t seal_one(ContentType type, net::Gathered& from, MutableBytes out);

  RecordProtection protection_;
  std::vector<ByteView> views_;  // of the current record; kept for its memory
};

/// Opens records.
class RecordOpener {
 public:
  struct Opened {
    ContentType type;
    std::size_t bytes;  // of content, at the front of `out`
  };

  RecordOpener(Suite suite, const TrafficSecret& secret) : protection_(suite, secret) {}

  /// What `out` must have for a record of so many bytes, header included.
  static std::size_t space_for(std::size_t record_bytes) {
    return record_bytes - kHeaderBytes - kTagBytes;
  }

  /// Opens a whole record into `out`: the place of its own body, or elsewhere. Throws
  /// Error{malformed} for what is not authentic or has no type, Error{limit} for too much content;
  /// the connection is to be closed then.
  Opened open(ByteView record, MutableBytes out);

  void update() { protection_.update(); }

 private:
  RecordProtection protection_;
};

}  // namespace shoal::tls
