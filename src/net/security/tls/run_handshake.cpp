#include "net/security/tls/run_handshake.h"

#include "base/error.h"

namespace shoal::net {

namespace {

/// The peer may have gone meanwhile, which is not what went wrong.
Task<void> tell_failure(Stream& stream, Bytes alert) {
  try {
    if (!alert.empty()) co_await write_all(stream, alert);
  } catch (const Error&) {
  }
}

}  // namespace

Task<Bytes> read_handshake_record(Stream& stream) {
  Bytes record(tls::Exchange::kHeaderBytes);
  co_await read_exactly(stream, record);
  const std::size_t body = tls::Exchange::body_bytes(record);
  record.resize(record.size() + body);
  co_await read_exactly(stream, MutableBytes(record).subspan(tls::Exchange::kHeaderBytes));
  co_return record;
}

Task<void> run_handshake(Stream& stream, tls::Exchange& exchange, Bytes record) {
  while (true) {
    const Bytes answer = exchange.advance(record);
    if (exchange.failure()) {
      co_await tell_failure(stream, answer);
      throw Error(*exchange.failure());
    }
    if (!answer.empty()) co_await write_all(stream, answer);
    if (exchange.finished()) co_return;
    record = co_await read_handshake_record(stream);
  }
}

}  // namespace shoal::net
