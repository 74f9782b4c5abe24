#pragma once

#include <cstdint>

#include "net/transport/quic/receive_window.h"
#include "net/transport/quic/send_buffer.h"

namespace shoal::quic {

using StreamId = std::int64_t;

class QuicStream;

/// What a session knows of one stream, from when it was opened until both QUIC and its user are
/// done with it.
struct StreamState {
  StreamState(StreamId its_id, bool is_inbound, ReceiveWindow::Time now)
      : id(its_id), inbound(is_inbound), window(now) {}

  const StreamId id;
  const bool inbound;  // opened by the peer
  /// What its user holds; null once that let go.
  QuicStream* handle = nullptr;
  ReceiveWindow window;
  std::size_t unread = 0;  // of what was given to the handle

  SendBuffer out;
  bool known = false;         // the peer has heard of the stream, or will
  bool announce = false;      // to be made known to the peer, data or not
  bool finish = false;        // nothing is written any more
  bool finish_sent = false;   // and the peer was told so
  bool stopped = false;       // nothing more is sent: reset, by either side
  bool queued = false;        // in the line of those that have something to send
  bool blocked = false;       // by the peer's window
  bool writer_waits = false;  // for room in `out`
  bool closed = false;        // QUIC is done with it
};

}  // namespace shoal::quic
