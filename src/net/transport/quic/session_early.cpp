// Speaking before the handshake is over, as client and as server (0-RTT).
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

namespace {

/// Of the peer's, those that the next connection begins with (RFC 9000, section 7.4.1). The others
/// point into ngtcp2's memory, or are new each time.
ngtcp2_transport_params remembered(const ngtcp2_transport_params& all) {
  ngtcp2_transport_params out;
  ngtcp2_transport_params_default(&out);
  out.initial_max_data = all.initial_max_data;
  out.initial_max_stream_data_bidi_local = all.initial_max_stream_data_bidi_local;
  out.initial_max_stream_data_bidi_remote = all.initial_max_stream_data_bidi_remote;
  out.initial_max_stream_data_uni = all.initial_max_stream_data_uni;
  out.initial_max_streams_bidi = all.initial_max_streams_bidi;
  out.initial_max_streams_uni = all.initial_max_streams_uni;
  out.active_connection_id_limit = all.active_connection_id_limit;
  return out;
}

}  // namespace

void Session::begin_early() {
  const Ticket& ticket = *config_.ticket;
  if (!tls_.resume(ticket.session, ticket.key)) return;
  if (native::set_early_parameters(connection_, ticket.parameters) != 0) return;
  early_ = true;
}

/// A server's turn, after the client's first packet.
void Session::look_for_early_data() {
  if (config_.direction != net::Direction::inbound || !tls_.takes_early_data()) return;
  try {
    tls_.read_certificate();
    early_ = true;
  } catch (...) {
    end_with(std::current_exception());
  }
}

void Session::on_handshake_over() {
  if (config_.direction == net::Direction::inbound) {
    if (!tls_.peer_key()) tls_.read_certificate();
    tls_.send_ticket();
    return;
  }
  if (!early_ || tls_.takes_early_data()) return;
  if (native::reject_early_data(connection_) != 0) {
    throw Error(ErrorCode::failed, "QUIC: what was sent early can't be sent again");
  }
  refused_early_ = true;
}

/// ngtcp2 has forgotten all streams; opened in the same order, they get the same ids.
void Session::send_again() {
  for (const auto& [id, stream] : streams_) {
    StreamId again = -1;
    if (ngtcp2_conn_open_bidi_stream(connection_, &again, stream.get()) != 0 || again != id) {
      return end_with(
          std::make_exception_ptr(Error(ErrorCode::limit, "the peer takes no more streams")));
    }
    stream->out.rewind();
    stream->finish_sent = false;
    stream->blocked = false;
    stream->announce = std::exchange(stream->known, false);
    if (stream->stopped) {
      native::reset_stream(connection_, id);
    } else if (stream->handle == nullptr) {
      native::stop_reading(connection_, id);
    }
    if (has_something(*stream)) queue(*stream);
  }
}

void Session::on_ticket(Bytes data) {
  if (!config_.on_ticket) return;
  const ngtcp2_transport_params* const parameters =
      ngtcp2_conn_get_remote_transport_params(connection_);
  if (parameters == nullptr) return;
  config_.on_ticket({.remote = config_.remote,
                     .key = peer_key(),
                     .session = std::move(data),
                     .parameters = remembered(*parameters),
                     .round_trip = round_trip()});
}

Session::Time Session::answer_timeout() const {
  if (!early_ || config_.direction == net::Direction::inbound) return kAnswerTimeout;
  const Duration hoped = kEarlyAnswerTimeout + kEarlyAnswerRoundTrips * config_.ticket->round_trip;
  return std::min<Duration>(hoped, kAnswerTimeout);
}

}  // namespace shoal::quic
