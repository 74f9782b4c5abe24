#pragma once

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <array>
#include <cstdint>

#include "base/bytes.h"

/// What differs between ngtcp2 0.12 (Debian 12) and 1.x (Debian 13), by one name each. The rest of
/// the folder is the same for both.
namespace shoal::quic::native {

#if NGTCP2_VERSION_NUM >= 0x010000
#define SHOAL_NGTCP2_1 1
using CloseError = ngtcp2_ccerr;
using ConnectionIdStatus = ngtcp2_connection_id_status_type;
inline constexpr ngtcp2_cc_algo kCongestionControl = NGTCP2_CC_ALGO_BBR;
#else
#define SHOAL_NGTCP2_1 0
using CloseError = ngtcp2_connection_close_error;
using ConnectionIdStatus = int;
inline constexpr ngtcp2_cc_algo kCongestionControl = NGTCP2_CC_ALGO_BBR2;
#endif

inline void set_no_error(CloseError& error) {
#if SHOAL_NGTCP2_1
  ngtcp2_ccerr_set_application_error(&error, 0, nullptr, 0);
#else
  ngtcp2_connection_close_error_set_application_error(&error, 0, nullptr, 0);
#endif
}

inline void set_library_error(CloseError& error, int code) {
#if SHOAL_NGTCP2_1
  ngtcp2_ccerr_set_liberr(&error, code, nullptr, 0);
#else
  ngtcp2_connection_close_error_set_transport_error_liberr(&error, code, nullptr, 0);
#endif
}

inline void set_tls_alert(CloseError& error, std::uint8_t alert) {
#if SHOAL_NGTCP2_1
  ngtcp2_ccerr_set_tls_alert(&error, alert, nullptr, 0);
#else
  ngtcp2_connection_close_error_set_transport_error_tls_alert(&error, alert, nullptr, 0);
#endif
}

/// What the peer closed the connection with; 0 when it did so in order.
inline std::uint64_t close_code(ngtcp2_conn* connection) {
#if SHOAL_NGTCP2_1
  return ngtcp2_conn_get_ccerr(connection)->error_code;
#else
  ngtcp2_connection_close_error error;
  ngtcp2_conn_get_connection_close_error(connection, &error);
  return error.error_code;
#endif
}

inline std::uint64_t smoothed_rtt(ngtcp2_conn* connection) {
#if SHOAL_NGTCP2_1
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(connection, &info);
  return info.smoothed_rtt;
#else
  ngtcp2_conn_stat info;
  ngtcp2_conn_get_conn_stat(connection, &info);
  return info.smoothed_rtt;
#endif
}

/// After a row of packets: when the next may leave. 0.12 lets it leave up to a millisecond earlier,
/// so that a shorter wait holds nothing up: it is called off, for each costs a timer.
inline int update_pacing(ngtcp2_conn* connection, std::uint64_t now) {
  ngtcp2_conn_update_pkt_tx_time(connection, now);
#if !SHOAL_NGTCP2_1
  if (ngtcp2_conn_get_expiry(connection) > now) return ngtcp2_conn_handle_expiry(connection, now);
#endif
  return 0;
}

inline void set_token(ngtcp2_settings& settings, ByteView token) {
#if SHOAL_NGTCP2_1
  settings.token = token.data();
  settings.tokenlen = token.size();
  settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
#else
  settings.token = {const_cast<std::uint8_t*>(token.data()), token.size()};
#endif
}

inline ByteView token_of(const ngtcp2_pkt_hd& header) {
#if SHOAL_NGTCP2_1
  return {header.token, header.tokenlen};
#else
  return {header.token.base, header.token.len};
#endif
}

inline void set_original_id(ngtcp2_transport_params& params, const ngtcp2_cid& id) {
  params.original_dcid = id;
#if SHOAL_NGTCP2_1
  params.original_dcid_present = 1;
#endif
}

/// The peer's, as known from an earlier connection.
inline int set_early_parameters(ngtcp2_conn* connection, const ngtcp2_transport_params& params) {
#if SHOAL_NGTCP2_1
  std::array<std::uint8_t, 256> bytes{};
  const ngtcp2_ssize count = ngtcp2_transport_params_encode(bytes.data(), bytes.size(), &params);
  if (count < 0) return static_cast<int>(count);
  return ngtcp2_conn_decode_and_set_0rtt_transport_params(connection, bytes.data(),
                                                          static_cast<std::size_t>(count));
#else
  ngtcp2_conn_set_early_remote_transport_params(connection, &params);
  return 0;
#endif
}

inline int reject_early_data(ngtcp2_conn* connection) {
#if SHOAL_NGTCP2_1
  return ngtcp2_conn_tls_early_data_rejected(connection);
#else
  return ngtcp2_conn_early_data_rejected(connection);
#endif
}

inline int reset_stream(ngtcp2_conn* connection, std::int64_t stream) {
#if SHOAL_NGTCP2_1
  return ngtcp2_conn_shutdown_stream(connection, 0, stream, 0);
#else
  return ngtcp2_conn_shutdown_stream(connection, stream, 0);
#endif
}

inline int stop_reading(ngtcp2_conn* connection, std::int64_t stream) {
#if SHOAL_NGTCP2_1
  return ngtcp2_conn_shutdown_stream_read(connection, 0, stream, 0);
#else
  return ngtcp2_conn_shutdown_stream_read(connection, stream, 0);
#endif
}

}  // namespace shoal::quic::native
