#include "net/transport/quic/session.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/session_callbacks.h"

namespace shoal::quic {

namespace {

std::uint64_t nanoseconds(Duration duration) {
  return static_cast<std::uint64_t>(duration.count());
}

ngtcp2_cid random_id(Random& random, std::size_t length) {
  ngtcp2_cid id{};
  id.datalen = length;
  random.fill({id.data, length});
  return id;
}

std::exception_ptr error(ErrorCode code, std::string sentence) {
  return std::make_exception_ptr(Error(code, std::move(sentence)));
}

}  // namespace

Session::Session(SessionConfig config, SessionEvents& events, Time now)
    : config_(std::move(config)),
      events_(events),
      tls_(config_.credentials, config_.direction, config_.verify,
           [this](Bytes data) { on_ticket(std::move(data)); }),
      local_(config_.local),
      begun_(now),
      now_(now) {
  if (config_.direction == net::Direction::outbound) {
    begin_client(now);
  } else {
    begin_server(now);
  }
  if (config_.ticket) begin_early();
  tls_.attach(connection_);
  ngtcp2_conn_set_keep_alive_timeout(connection_, nanoseconds(kKeepAlive));
}

Session::~Session() {
  unhold(held_);
  ngtcp2_conn_del(connection_);
}

ngtcp2_settings Session::settings(Time now) const {
  ngtcp2_settings out;
  ngtcp2_settings_default(&out);
  out.initial_ts = stamp(now);
  out.max_tx_udp_payload_size = kMaxPacketBytes;
  out.handshake_timeout = nanoseconds(kHandshakeTimeout);
  out.rand_ctx.native_handle = config_.random;
  out.cc_algo = native::kCongestionControl;
  return out;
}

ngtcp2_transport_params Session::parameters() const {
  ngtcp2_transport_params out;
  ngtcp2_transport_params_default(&out);
  out.initial_max_stream_data_bidi_local = kInitialStreamWindow;
  out.initial_max_stream_data_bidi_remote = kInitialStreamWindow;
  out.initial_max_data = kInitialConnectionWindow;
  out.initial_max_streams_bidi = kMaxInboundStreams;
  out.initial_max_streams_uni = 0;
  out.max_idle_timeout = nanoseconds(kIdleTimeout);
  out.active_connection_id_limit = 4;
  return out;
}

void Session::begin_client(Time now) {
  const ngtcp2_cid id = random_id(*config_.random, kIdBytes);
  const ngtcp2_cid peer_id = random_id(*config_.random, 18);
  NativeAddress remote(config_.remote);
  const ngtcp2_path path{local_.native(), remote.native(), nullptr};
  const ngtcp2_settings chosen = settings(now);
  const ngtcp2_transport_params params = parameters();
  const int result = ngtcp2_conn_client_new(&connection_, &peer_id, &id, &path, NGTCP2_PROTO_VER_V1,
                                            &callbacks(), &chosen, &params, nullptr, this);
  if (result != 0) throw Error(ErrorCode::failed, ngtcp2_strerror(result));
  events_.add_id(id_bytes(id));
}

void Session::begin_server(Time now) {
  const ngtcp2_cid id = random_id(*config_.random, kIdBytes);
  NativeAddress remote(config_.remote);
  const ngtcp2_path path{local_.native(), remote.native(), nullptr};
  ngtcp2_settings chosen = settings(now);
  ngtcp2_transport_params params = parameters();
  native::set_original_id(params, config_.original_id.value_or(config_.initial_id));
  if (config_.original_id) {
    params.retry_scid = config_.initial_id;
    params.retry_scid_present = 1;
    native::set_token(chosen, config_.token);
  }
  params.stateless_reset_token_present = 1;
  ngtcp2_crypto_generate_stateless_reset_token(
      params.stateless_reset_token, config_.reset_secret.data(), config_.reset_secret.size(), &id);
  const int result =
      ngtcp2_conn_server_new(&connection_, &config_.client_id, &id, &path, NGTCP2_PROTO_VER_V1,
                             &callbacks(), &chosen, &params, nullptr, this);
  if (result != 0) throw Error(ErrorCode::failed, ngtcp2_strerror(result));
  events_.add_id(id_bytes(id));
  // More of the client's first flight may come under the id that it chose.
  events_.add_id(id_bytes(config_.initial_id));
}

void Session::receive(ByteView packet, const Endpoint& from, std::uint8_t ecn, Time now) {
  if (over_) return;
  now_ = now;
  heard_ = true;
  NativeAddress remote(from);
  const ngtcp2_path path{local_.native(), remote.native(), nullptr};
  ngtcp2_pkt_info about{};
  about.ecn = ecn;
  const int result =
      ngtcp2_conn_read_pkt(connection_, &path, &about, packet.data(), packet.size(), stamp(now));
  if (result != 0) return end(result, now);
  if (!ready()) look_for_early_data();
  if (std::exchange(refused_early_, false)) send_again();
  reset_dropped();
  if (owed_opens_ > 0) allow_open(now);
  keep_alive(now);
  if (held_up_) look_at_ = std::min(look_at_, std::max(now, last_look_ + kStopLook));
}

Session::Time Session::deadline() const {
  if (over_) return Time::max();
  const std::uint64_t expiry = ngtcp2_conn_get_expiry(connection_);
  const auto most = static_cast<std::uint64_t>(Time::max().count());
  const Time due(std::min(look_at_, Time(static_cast<Time::rep>(std::min(expiry, most)))));
  return heard_ ? due : std::min<Time>(due, begun_ + answer_timeout());
}

void Session::on_time(Time now) {
  if (over_) return;
  now_ = now;
  if (!heard_ && now >= begun_ + answer_timeout()) return cannot_send("no answer");
  const int result = ngtcp2_conn_handle_expiry(connection_, stamp(now));
  if (result != 0) return end(result, now);
  if (owed_opens_ > 0) allow_open(now);
  keep_alive(now);
}

void Session::keep_alive(Time now) {
  const bool transferring = now - last_data_ < kTransferPause;
  if (transferring == std::exchange(transferring_, transferring)) return;
  ngtcp2_conn_set_keep_alive_timeout(connection_,
                                     nanoseconds(transferring ? kTransferKeepAlive : kKeepAlive));
}

void Session::note_sent(std::size_t bytes, Time now) {
  if (sent_unpaced_ < kUnpacedBytes) {
    sent_unpaced_ += bytes;
  } else if (const int result = native::update_pacing(connection_, stamp(now)); result != 0) {
    end(result, now);
  }
}

/// ngtcp2 counts on a millisecond's worth of the line, 64 KiB at most.
std::size_t Session::burst_bytes() const {
  const std::size_t quantum = ngtcp2_conn_get_send_quantum(connection_);
  return quantum < kFullQuantum ? quantum : kMaxBurstBytes;
}

Session::Time Session::round_trip() const {
  if (!established()) return Time::zero();
  return Time(static_cast<Time::rep>(native::smoothed_rtt(connection_)));
}

void Session::close() {
  if (over_) return;
  close_error_.emplace();
  native::set_no_error(*close_error_);
  over_ = true;
}

void Session::cannot_send(const std::string& reason) {
  if (!heard_) end_with(error(ErrorCode::unreachable, reason));
}

void Session::end_with(std::exception_ptr failure) {
  over_ = true;
  if (!failure_) failure_ = std::move(failure);
}

void Session::end(int code, Time) {
  if (over_) return;
  switch (code) {
    case NGTCP2_ERR_DRAINING: {
      const std::uint64_t reason = native::close_code(connection_);
      if (reason == 0 && established()) return end_with(nullptr);
      return end_with(error(ErrorCode::closed,
                            "the peer closed the connection, code " + std::to_string(reason)));
    }
    case NGTCP2_ERR_IDLE_CLOSE:
      return end_with(error(ErrorCode::closed, "the peer fell silent"));
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      return end_with(error(ErrorCode::unreachable, "no handshake in time"));
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
      return end_with(error(ErrorCode::malformed, "not a QUIC handshake"));
    default:
      break;
  }
  close_error_.emplace();
  if (code == NGTCP2_ERR_CRYPTO) {
    native::set_tls_alert(*close_error_, ngtcp2_conn_get_tls_alert(connection_));
    if (tls_.failure()) return end_with(tls_.failure());
    return end_with(error(ErrorCode::malformed, "the TLS handshake failed"));
  }
  native::set_library_error(*close_error_, code);
  const ErrorCode kind =
      code == NGTCP2_ERR_RECV_VERSION_NEGOTIATION ? ErrorCode::unsupported : ErrorCode::malformed;
  end_with(error(kind, std::string("QUIC: ") + ngtcp2_strerror(code)));
}

Session::Outgoing Session::closing_packet(MutableBytes into, Time now) {
  if (!close_error_ || std::exchange(told_, true)) return {};
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info about{};
  const ngtcp2_ssize bytes = ngtcp2_conn_write_connection_close(
      connection_, &path.path, &about, into.data(), into.size(), &*close_error_, stamp(now));
  if (bytes <= 0) return {};
  return {static_cast<std::size_t>(bytes), from_native(path.path.remote), 0};
}

}  // namespace shoal::quic
