#pragma once

#include <algorithm>
#include <cstddef>
#include <list>

#include "base/bytes.h"

namespace shoal::net {

/// Received bytes that nobody has read yet. Holds no memory while empty, and otherwise not much
/// more than twice the bytes: they lie in chunks that neither grow nor move.
class StreamQueue {
 public:
  /// A chunk that small pieces are collected in; the more bytes wait, the larger it is.
  static constexpr std::size_t kChunkBytes = 1024;
  static constexpr std::size_t kMaxChunkBytes = 32 * 1024;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void put(ByteView more) {
    size_ += more.size();
    if (!chunks_.empty()) {
      Bytes& last = chunks_.back();
      const ByteView fits = more.first(std::min(more.size(), last.capacity() - last.size()));
      append(last, fits);
      more = more.subspan(fits.size());
    }
    if (more.empty()) return;
    Bytes& chunk = chunks_.emplace_back();
    chunk.reserve(std::max(more.size(), std::clamp(size_, kChunkBytes, kMaxChunkBytes)));
    append(chunk, more);
  }

  /// Moves as many bytes as there are and fit; returns how many.
  std::size_t take(MutableBytes into) {
    const std::size_t count = std::min(into.size(), size_);
    for (std::size_t done = 0; done < count;) {
      const Bytes& first = chunks_.front();
      const std::size_t part = std::min(count - done, first.size() - begin_);
      std::copy_n(first.data() + begin_, part, into.data() + done);
      done += part;
      begin_ += part;
      if (begin_ < first.size()) break;
      chunks_.pop_front();
      begin_ = 0;
    }
    size_ -= count;
    if (empty()) *this = {};
    return count;
  }

 private:
  std::list<Bytes> chunks_;
  std::size_t begin_ = 0;  // what was taken of the first one
  std::size_t size_ = 0;
};

}  // namespace shoal::net
