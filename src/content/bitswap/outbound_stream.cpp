#include "content/bitswap/outbound_stream.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

std::vector<ByteView> cut(std::span<const ByteView> pieces, std::size_t offset, std::size_t bytes) {
  std::vector<ByteView> out;
  for (const ByteView piece : pieces) {
    if (offset >= piece.size()) {
      offset -= piece.size();
      continue;
    }
    const ByteView rest = piece.subspan(std::exchange(offset, 0));
    out.push_back(rest.first(std::min(bytes, rest.size())));
    bytes -= out.back().size();
    if (bytes == 0) break;
  }
  return out;
}

Task<bool> OutboundStream::ready() {
  was_open_ = stream_ != nullptr;
  if (was_open_) co_return false;
  net::Connection* connection = swarm_.best(peer_);
  if (connection == nullptr) {
    throw Error(ErrorCode::closed, "not connected", peer_.to_string());
  }
  const std::vector<std::string> names = protocols();
  net::ProtocolStream opened = co_await connection->open(names);
  if (swarm_.find(opened.connection) == nullptr) {
    throw Error(ErrorCode::closed, "the connection ended", peer_.to_string());
  }
  stream_ = std::move(opened.stream);
  connection_ = opened.connection;
  version_ = version_of(opened.protocol);
  co_return true;
}

Task<void> OutboundStream::write(const EncodedMessage& message) {
  const std::size_t size = message.size();
  for (std::size_t written = 0; written < size;) {
    const std::size_t bytes = std::min(part_bytes(), size - written);
    const std::vector<ByteView> part = cut(message.pieces(), written, bytes);
    co_await write_part(part);
    written += bytes;
  }
}

Task<void> OutboundStream::write_part(std::span<const ByteView> pieces) {
  if (stream_ == nullptr) {  // it was dropped between two parts
    throw Error(ErrorCode::closed, "the stream ended", peer_.to_string());
  }
  SHOAL_CHECK(!writing_);
  std::size_t bytes = 0;
  for (const ByteView piece : pieces) bytes += piece.size();
  writing_ = true;
  std::exception_ptr failure;
  try {
    const TimePoint began = system_.clock.now();
    Task<void> writing = stream_->write(pieces);
    co_await within(system_.clock, kStallTimeout, std::move(writing), writing_to_);
    chunk_sizer_.moved(bytes, system_.clock.now() - began);
  } catch (...) {
    failure = std::current_exception();
  }
  writing_ = false;
  if (!failure) co_return;
  chunk_sizer_.failed();
  stream_.reset();
  std::rethrow_exception(failure);
}

bool OutboundStream::leave_worse_connection() {
  const net::Connection* const best = swarm_.best(peer_);
  if (stream_ == nullptr || best == nullptr || best->id() == connection_) return false;
  drop();
  return true;
}

void OutboundStream::disconnected(net::ConnectionId connection) {
  if (connection == connection_) drop();
}

void OutboundStream::drop() {
  if (writing_) {
    stream_->abort();
  } else {
    stream_.reset();
  }
}

}  // namespace shoal::content::bitswap
