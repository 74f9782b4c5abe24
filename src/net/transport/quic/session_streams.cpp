#include <algorithm>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

StreamState& Session::open(Time now) {
  StreamId id = -1;
  if (over_) throw Error(ErrorCode::closed, "the connection has ended");
  const int result = ngtcp2_conn_open_bidi_stream(connection_, &id, nullptr);
  if (result != 0) throw Error(ErrorCode::limit, "the peer takes no more streams");
  auto made = std::make_unique<StreamState>(id, false, now);
  StreamState& stream = *made;
  streams_.emplace(id, std::move(made));
  ngtcp2_conn_set_stream_user_data(connection_, id, &stream);
  return stream;
}

void Session::on_opened(StreamId id) {
  auto made = std::make_unique<StreamState>(id, true, now_);
  StreamState& stream = *made;
  streams_.emplace(id, std::move(made));
  ngtcp2_conn_set_stream_user_data(connection_, id, &stream);
  events_.opened(stream);
}

/// The connection's window follows what arrives in order, so that a stream that nobody reads holds
/// up its sender alone. What may arrive out of order is bounded by it.
void Session::on_data(StreamState& stream, ByteView bytes, bool end) {
  give_credit(bytes.size());
  last_data_ = now_;
  if (stream.handle == nullptr) return;
  stream.unread += bytes.size();
  unread_ += bytes.size();
  events_.data(stream, bytes, end);
  if (unread_ > kReceiveBudget) dropped_.push_back(stream.id);
}

void Session::give_credit(std::uint64_t bytes) {
  const std::uint64_t paid = std::min(bytes, credit_debt_);
  credit_debt_ -= paid;
  ngtcp2_conn_extend_max_offset(connection_, bytes - paid);
}

/// Not from within a callback.
void Session::reset_dropped() {
  while (!dropped_.empty()) {
    const StreamId id = dropped_.front();
    dropped_.pop_front();
    const auto found = streams_.find(id);
    if (found == streams_.end() || unread_ <= kReceiveBudget) continue;
    StreamState& stream = *found->second;
    reset(stream);
    events_.reset(stream, "too many unread bytes on this connection");
  }
}

bool Session::consumed(StreamState& stream, std::size_t bytes, Time now) {
  stream.unread -= bytes;
  unread_ -= bytes;
  if (stream.closed || over_) return false;
  const std::uint64_t allowance = allowance_ ? allowance_() : kMaxStreamWindow;
  const std::uint64_t more = stream.window.consumed(bytes, now, round_trip(), allowance);
  promised_ += more;
  ngtcp2_conn_extend_max_stream_offset(connection_, stream.id, bytes + more);
  if (more > 0) ngtcp2_conn_extend_max_offset(connection_, more);
  return stream.window.is_at_half();
}

void Session::reset(StreamState& stream) {
  if (stream.closed || over_) return;
  stop_sending(stream);
  native::reset_stream(connection_, stream.id);
}

void Session::let_go(StreamState& stream, Time now) {
  stream.handle = nullptr;
  unread_ -= std::exchange(stream.unread, 0);
  if (!stream.closed && !over_) {
    if (stream.finish) {
      native::stop_reading(connection_, stream.id);
    } else {
      reset(stream);
    }
  }
  if (!stream.closed) return;
  free(stream);
  if (owed_opens_ > 0) allow_open(now);
}

void Session::on_closed(StreamState& stream) {
  stream.closed = true;
  unqueue(stream);
  unhold(stream.out.size());
  stream.out.clear();
  wake_starved();
  if (stream.handle == nullptr) {
    free(stream);
  } else if (!stream.finish_sent) {
    events_.stopped(stream);
  }
}

void Session::free(StreamState& stream) {
  promised_ -= stream.window.grown();
  credit_debt_ += stream.window.grown();
  if (stream.inbound) ++owed_opens_;
  streams_.erase(stream.id);
}

/// A stream of the peer's may follow one that both it and we are done with, so many a second.
void Session::allow_open(Time now) {
  if (over_) return;
  std::size_t allowed = 0;
  while (owed_opens_ > 0) {
    if (forgiven_opens_ > 0) {
      --forgiven_opens_;
    } else if (!opens_.take(now)) {
      break;
    }
    --owed_opens_;
    ++allowed;
  }
  if (allowed > 0) ngtcp2_conn_extend_max_streams_bidi(connection_, allowed);
}

void Session::make_id(ngtcp2_cid& id, std::uint8_t* token, std::size_t length) {
  id.datalen = length;
  config_.random->fill({id.data, length});
  ngtcp2_crypto_generate_stateless_reset_token(token, config_.reset_secret.data(),
                                               config_.reset_secret.size(), &id);
  events_.add_id(id_bytes(id));
}

}  // namespace shoal::quic
