#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/bytes.h"
#include "net/transport/quic/ngtcp2.h"

namespace shoal::quic {

/// What a stream sends, from when its writer hands it over until the peer has acknowledged it:
/// ngtcp2 keeps no copy for when a packet is lost, so the bytes stay where they are.
///
///     | acknowledged, freed | sent | unsent |
class SendBuffer {
 public:
  static constexpr std::size_t kMinChunk = 512;
  static constexpr std::size_t kMaxChunk = 16 * 1024;
  /// One packet touches no more chunks than this.
  static constexpr std::size_t kMaxPieces = 4;

  std::size_t unsent() const { return unsent_; }
  /// Sent or not.
  std::size_t size() const { return size_; }

  void put(ByteView bytes) {
    size_ += bytes.size();
    unsent_ += bytes.size();
    while (!bytes.empty()) {
      if (chunks_.empty() || chunks_.back().size() == chunks_.back().capacity()) {
        chunks_.emplace_back().reserve(std::clamp(bytes.size(), kMinChunk, kMaxChunk));
      }
      Bytes& last = chunks_.back();
      const std::size_t fits = std::min(bytes.size(), last.capacity() - last.size());
      append(last, bytes.first(fits));
      bytes = bytes.subspan(fits);
    }
  }

  /// The first of what is unsent, in places that stay; returns how many.
  std::size_t next(std::array<ngtcp2_vec, kMaxPieces>& into) {
    std::size_t count = 0;
    std::size_t from = position_;
    for (std::size_t i = chunk_; i < chunks_.size() && count < kMaxPieces; ++i) {
      if (from < chunks_[i].size()) {
        into[count++] = {chunks_[i].data() + from, chunks_[i].size() - from};
      }
      from = 0;
    }
    return count;
  }

  void sent(std::size_t bytes) {
    unsent_ -= bytes;
    while (bytes > 0) {
      const std::size_t part = std::min(bytes, chunks_[chunk_].size() - position_);
      position_ += part;
      bytes -= part;
      if (position_ == chunks_[chunk_].size() && chunk_ + 1 < chunks_.size()) {
        ++chunk_;
        position_ = 0;
      } else if (part == 0) {
        break;
      }
    }
  }

  /// All before `offset` of the stream has arrived. Returns how many bytes that freed.
  std::size_t acknowledged(std::uint64_t offset) {
    const std::size_t before = size_;
    while (!chunks_.empty() && begin_ + chunks_.front().size() <= offset) {
      const bool is_sent = chunk_ > 0 || position_ == chunks_.front().size();
      if (!is_sent) break;
      size_ -= chunks_.front().size();
      begin_ += chunks_.front().size();
      chunks_.pop_front();
      if (chunk_ > 0) {
        --chunk_;
      } else {
        position_ = 0;
      }
    }
    return before - size_;
  }

  /// Nothing of it has arrived: all is to be sent again.
  void rewind() {
    chunk_ = 0;
    position_ = 0;
    unsent_ = size_;
  }

  /// Nothing of it will be sent, or sent again.
  void clear() { *this = {}; }

 private:
  std::deque<Bytes> chunks_;
  std::uint64_t begin_ = 0;   // offset of the first chunk in the stream
  std::size_t chunk_ = 0;     // what is unsent begins in this chunk
  std::size_t position_ = 0;  // and there
  std::size_t size_ = 0;
  std::size_t unsent_ = 0;
};

}  // namespace shoal::quic
