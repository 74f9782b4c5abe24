#include "protocol/tunnel/received.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::tunnel {

namespace {

/// Less than this part of a buffer is not worth a read.
constexpr std::size_t kLeastPart = 4;

}  // namespace

Bytes BufferPool::take(std::size_t bytes) {
  if (bytes != kBytes || kept_.empty()) return Bytes(bytes);
  Bytes out = std::move(kept_.back());
  kept_.pop_back();
  return out;
}

void BufferPool::give(Bytes buffer) {
  if (buffer.size() == kBytes && kept_.size() < kMaxKept) kept_.push_back(std::move(buffer));
}

Received::~Received() {
  for (Buffer& buffer : buffers_) pool_.give(std::move(buffer.bytes));
}

MutableBytes Received::space(std::size_t bytes) {
  if (!buffers_.empty() && buffers_.back().pieces.empty()) {
    buffers_.back().filled = 0;
    if (buffers_.back().bytes.size() != bytes) {
      pool_.give(std::move(buffers_.back().bytes));
      buffers_.pop_back();
    }
  }
  const bool enough = !buffers_.empty() && buffers_.back().bytes.size() - buffers_.back().filled >=
                                               buffers_.back().bytes.size() / kLeastPart;
  if (!enough) buffers_.push_back({.bytes = pool_.take(bytes)});
  Buffer& last = buffers_.back();
  return MutableBytes(last.bytes).subspan(last.filled);
}

void Received::add(ByteView piece) {
  Buffer& last = buffers_.back();
  auto at = static_cast<std::size_t>(piece.data() - last.bytes.data());
  SHOAL_CHECK(at >= last.filled && piece.size() <= last.bytes.size() - at);
  if (piece.size() < kMinPiece && at != last.filled) {
    std::ranges::copy(piece, last.bytes.begin() + static_cast<std::ptrdiff_t>(last.filled));
    at = last.filled;
  }
  if (at == last.filled && !last.pieces.empty()) {
    last.pieces.back().bytes += piece.size();
  } else {
    last.pieces.push_back({.at = at, .bytes = piece.size()});
  }
  last.filled = at + piece.size();
  bytes_ += piece.size();
}

std::vector<ByteView> Received::gather() const {
  std::vector<ByteView> out;
  std::size_t total = 0;
  for (const Buffer& buffer : buffers_) {
    for (const Piece& piece : buffer.pieces) {
      if (out.size() == kMaxGathered || total == kMaxGatheredBytes) return out;
      const std::size_t count = std::min(piece.bytes, kMaxGatheredBytes - total);
      out.push_back(ByteView(buffer.bytes).subspan(piece.at, count));
      total += count;
    }
  }
  return out;
}

void Received::drop(std::size_t bytes) {
  SHOAL_CHECK(bytes <= bytes_);
  bytes_ -= bytes;
  while (bytes > 0) {
    Buffer& first = buffers_.front();
    while (bytes > 0 && !first.pieces.empty()) {
      Piece& piece = first.pieces.front();
      const std::size_t count = std::min(piece.bytes, bytes);
      piece.at += count;
      piece.bytes -= count;
      bytes -= count;
      if (piece.bytes == 0) first.pieces.pop_front();
    }
    // The last one stays: a read into it may be under way.
    if (!first.pieces.empty() || buffers_.size() == 1) continue;
    pool_.give(std::move(first.bytes));
    buffers_.pop_front();
  }
}

void Received::release_buffer() {
  if (bytes_ > 0 || buffers_.empty()) return;
  pool_.give(std::move(buffers_.back().bytes));
  buffers_.clear();
}

}  // namespace shoal::tunnel
