#include "content/bitswap/outbound_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

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

Task<void> OutboundStream::write_parts(std::span<const ByteView> pieces,
                                       const std::function<void(std::size_t)>& moved) {
  std::vector<ByteView> part;
  std::size_t taken = 0;  // of the first piece
  while (!pieces.empty()) {
    part.clear();
    const std::size_t most = pace_.part_bytes();
    std::size_t room = most;
    while (room > 0 && !pieces.empty()) {
      const ByteView rest = pieces.front().subspan(taken);
      part.push_back(rest.first(std::min(room, rest.size())));
      room -= part.back().size();
      taken += part.back().size();
      if (taken < pieces.front().size()) break;
      pieces = pieces.subspan(1);
      taken = 0;
    }
    const TimePoint began = system_.clock.now();
    Task<void> writing = stream_->write(part);
    co_await within(system_.clock, kStallTimeout, std::move(writing),
                    "writing to " + peer_.to_string());
    pace_.moved(most - room, system_.clock.now() - began);
    if (moved) moved(most - room);
  }
}

Task<void> OutboundStream::write(const EncodedMessage& message,
                                 std::function<void(std::size_t)> moved) {
  SHOAL_CHECK(stream_ != nullptr && !writing_);
  writing_ = true;
  std::exception_ptr failure;
  try {
    co_await write_parts(message.pieces(), moved);
  } catch (...) {
    failure = std::current_exception();
  }
  writing_ = false;
  if (!failure) co_return;
  pace_.failed();
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
