#pragma once

#include "base/bytes.h"
#include "net/security/tls/exchange.h"
#include "system/network.h"

namespace shoal::net {

/// One whole record, header included. Throws as Exchange::body_bytes(), and Error{closed}.
Task<Bytes> read_handshake_record(Stream& stream);

/// To the end; `record` is the first of a client's, or none. Throws what it failed by, after the
/// other side was told.
Task<void> run_handshake(Stream& stream, tls::Exchange& exchange, Bytes record);

}  // namespace shoal::net
