#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

namespace {

/// Of one stream before another one has its turn.
constexpr std::size_t kPacketsPerTurn = 8;

}  // namespace

Session::Outgoing Session::next_packet(MutableBytes into, Time now) {
  if (over_) return {};
  now_ = now;
  if (now >= look_at_) {
    const Outgoing found = find_stopped(into, now);
    if (found.bytes > 0 || over_) return found;
  }
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info about{};
  while (true) {
    StreamState* stream = next_stream();
    std::array<ngtcp2_vec, SendBuffer::kMaxPieces> pieces;
    const std::size_t count = stream == nullptr ? 0 : stream->out.next(pieces);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) offered += pieces[i].len;
    const bool last = stream != nullptr && stream->finish && offered == stream->out.unsent();
    std::uint32_t flags = stream == nullptr ? 0U : NGTCP2_WRITE_STREAM_FLAG_MORE;
    if (last) flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize bytes =
        ngtcp2_conn_writev_stream(connection_, &path.path, &about, into.data(), into.size(), &taken,
                                  flags, stream == nullptr ? -1 : stream->id,
                                  count == 0 ? nullptr : pieces.data(), count, stamp(now));
    if (stream != nullptr && taken >= 0) {
      const auto part = static_cast<std::size_t>(taken);
      took(*stream, part, last && part == offered);
    }
    if (bytes >= 0) {
      if (bytes == 0) return {};
      return {static_cast<std::size_t>(bytes), from_native(path.path.remote),
              static_cast<std::uint8_t>(about.ecn)};
    }
    switch (bytes) {
      case NGTCP2_ERR_WRITE_MORE:
        break;
      case NGTCP2_ERR_STREAM_DATA_BLOCKED:
        stream->blocked = true;
        unqueue(*stream);
        break;
      case NGTCP2_ERR_STREAM_SHUT_WR:
      case NGTCP2_ERR_STREAM_NOT_FOUND:
        // The peer has asked us to stop.
        stop_sending(*stream);
        events_.stopped(*stream);
        break;
      default:
        end(static_cast<int>(bytes), now);
        return {};
    }
  }
}

/// ngtcp2 does not tell of STOP_SENDING, only him who writes. A writer whom the peer's windows hold
/// up would never hear of it: for each a byte is offered, which can not be sent.
Session::Outgoing Session::find_stopped(MutableBytes into, Time now) {
  held_up_ = false;
  look_at_ = Time::max();
  last_look_ = now;
  std::uint8_t byte = 0;
  const ngtcp2_vec offered{&byte, 1};
  for (const auto& [id, stream] : streams_) {
    if (!is_held_up(*stream)) continue;
    held_up_ = true;
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_pkt_info about{};
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize bytes =
        ngtcp2_conn_writev_stream(connection_, &path.path, &about, into.data(), into.size(), &taken,
                                  0, id, &offered, 1, stamp(now));
    SHOAL_CHECK(taken <= 0);
    if (bytes == NGTCP2_ERR_STREAM_SHUT_WR || bytes == NGTCP2_ERR_STREAM_NOT_FOUND) {
      stop_sending(*stream);
      events_.stopped(*stream);
    } else if (bytes > 0) {
      look_at_ = now;  // for the rest
      return {static_cast<std::size_t>(bytes), from_native(path.path.remote),
              static_cast<std::uint8_t>(about.ecn)};
    } else if (bytes < 0 && bytes != NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      end(static_cast<int>(bytes), now);
      return {};
    }
  }
  return {};
}

/// A writer waits, and nothing of the stream can be sent.
bool Session::is_held_up(const StreamState& stream) const {
  if (!stream.writer_waits || stream.stopped || stream.closed) return false;
  return ngtcp2_conn_get_max_stream_data_left(connection_, stream.id) == 0 ||
         ngtcp2_conn_get_max_data_left(connection_) == 0;
}

bool Session::has_something(const StreamState& stream) const {
  if (stream.stopped || stream.blocked || stream.closed) return false;
  return stream.out.unsent() > 0 || stream.announce || (stream.finish && !stream.finish_sent);
}

/// Who has its turn. What the peer's window for the whole connection does not let through waits
/// behind no stream's own window.
StreamState* Session::next_stream() {
  while (!line_.empty()) {
    StreamState* first = line_.front();
    if (!has_something(*first)) {
      unqueue(*first);
      continue;
    }
    if (first->out.unsent() > 0 && ngtcp2_conn_get_max_data_left(connection_) == 0) return nullptr;
    if (turn_ >= kPacketsPerTurn && line_.size() > 1) {
      line_.pop_front();
      line_.push_back(first);
      turn_ = 0;
      continue;
    }
    ++turn_;
    return first;
  }
  return nullptr;
}

void Session::queue(StreamState& stream) {
  if (std::exchange(stream.queued, true)) return;
  line_.push_back(&stream);
}

void Session::unqueue(StreamState& stream) {
  if (!std::exchange(stream.queued, false)) return;
  if (line_.front() == &stream) turn_ = 0;
  std::erase(line_, &stream);
}

void Session::took(StreamState& stream, std::size_t bytes, bool end) {
  stream.announce = false;
  stream.known = true;
  stream.out.sent(bytes);
  if (end) stream.finish_sent = true;
  if (!has_something(stream)) unqueue(stream);
  if (stream.out.unsent() <= kMaxUnsent / 2) wake_writer(stream);
}

void Session::put(StreamState& stream, net::PiecesLeft& left) {
  if (stream.stopped || stream.closed || over_) return;
  const std::uint64_t credit = ngtcp2_conn_get_max_stream_data_left(connection_, stream.id);
  const std::size_t unsent = stream.out.unsent();
  const std::size_t within_window = credit > unsent ? credit - unsent : 0;
  const std::size_t within_stream = kMaxUnsent > unsent ? kMaxUnsent - unsent : 0;
  const std::size_t limit = config_.budget->limit(held_);
  const std::size_t within_memory = limit > held_ ? limit - held_ : 0;
  const std::size_t count = std::min({left.bytes(), within_window, within_stream, within_memory});
  starved_ = starved_ || within_memory < left.bytes();
  stream.writer_waits = count < left.bytes();
  held_up_ = held_up_ || count == 0;
  if (count == 0) return;
  std::vector<ByteView> pieces;
  left.take(count, pieces);
  for (const ByteView piece : pieces) stream.out.put(piece);
  hold(count);
  queue(stream);
}

bool Session::announce(StreamState& stream) {
  if (stream.known || stream.inbound) return false;
  stream.announce = true;
  if (has_something(stream)) queue(stream);
  return true;
}

void Session::finish(StreamState& stream) {
  stream.finish = true;
  if (has_something(stream)) queue(stream);
}

/// What was not sent never will be, and what was is not sent again.
void Session::stop_sending(StreamState& stream) {
  stream.stopped = true;
  unqueue(stream);
}

void Session::on_acknowledged(StreamState& stream, std::uint64_t offset) {
  const std::size_t freed = stream.out.acknowledged(offset);
  if (freed == 0) return;
  unhold(freed);
  wake_starved();
}

void Session::hold(std::size_t more) {
  held_ += more;
  config_.budget->add(more);
}

void Session::unhold(std::size_t less) {
  held_ -= less;
  config_.budget->remove(less);
}

void Session::wake_writer(StreamState& stream) {
  if (std::exchange(stream.writer_waits, false)) events_.writable(stream);
}

void Session::wake_starved() {
  if (!starved_ || config_.budget->limit(held_) <= held_) return;
  starved_ = false;
  for (const auto& [id, stream] : streams_) wake_writer(*stream);
}

}  // namespace shoal::quic
