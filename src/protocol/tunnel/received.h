#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "base/bytes.h"

namespace shoal::tunnel {

/// Buffers that the flows of a node take turns with. A page that is new to the process costs more
/// than the copy into it, so a few buffers are kept.
class BufferPool {
 public:
  static constexpr std::size_t kBytes = 128 * 1024;
  /// Kept while nobody uses them.
  static constexpr std::size_t kMaxKept = 16;

  /// A buffer of so many bytes, with anything in it. Those of kBytes are reused.
  Bytes take(std::size_t bytes);
  void give(Bytes buffer);
  std::size_t kept() const { return kept_.size(); }

 private:
  std::vector<Bytes> kept_;
};

/// What came for the local side and was not delivered yet, left in the buffers that it was read
/// into. Holds at most a third more memory than there are such bytes, and two buffers.
///
///     buffer    | delivered | piece | header | piece | space for the next read |
///
/// Pieces of less than kMinPiece are moved up to the one before.
class Received {
 public:
  static constexpr std::size_t kMinPiece = 4096;
  /// Pieces and bytes of one gathered write. It ends before more credit is given, so it is small
  /// beside a large window.
  static constexpr std::size_t kMaxGathered = 32;
  static constexpr std::size_t kMaxGatheredBytes = 512 * 1024;

  /// Borrows the pool for its life.
  explicit Received(BufferPool& pool) : pool_(pool) {}
  ~Received();
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;

  /// Where the next read goes: into a new buffer of `bytes` when little is left of the last one.
  /// One read at a time.
  MutableBytes space(std::size_t bytes);
  /// A part of what was read there that is for the local side. In order; what stands before it in
  /// the buffer is not looked at any more.
  void add(ByteView piece);

  std::size_t bytes() const { return bytes_; }
  /// The first pieces, which stay where they are until they are dropped.
  std::vector<ByteView> gather() const;
  /// Those first pieces were delivered.
  void drop(std::size_t bytes);
  /// When nothing is held and no read is under way: lets go of the last buffer.
  void release_buffer();

 private:
  struct Piece {
    std::size_t at;
    std::size_t bytes;
  };
  struct Buffer {
    Bytes bytes;
    std::size_t filled = 0;
    std::deque<Piece> pieces{};
  };

  BufferPool& pool_;
  std::deque<Buffer> buffers_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal::tunnel
