#include "content/bitswap/outbound_stream.h"

#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

Task<bool> OutboundStream::ready() {
  if (stream_) co_return false;
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
  SHOAL_CHECK(stream_ != nullptr && !writing_);
  writing_ = true;
  std::exception_ptr failure;
  try {
    Task<void> writing = stream_->write(message.pieces());
    co_await within(system_.clock, kWriteTimeout, std::move(writing),
                    "writing to " + peer_.to_string());
  } catch (...) {
    failure = std::current_exception();
  }
  writing_ = false;
  if (!failure) co_return;
  stream_.reset();
  std::rethrow_exception(failure);
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
