#pragma once

#include <chrono>
#include <cstdint>

#include "net/muxer/yamux/frame.h"
#include "net/muxer/yamux/receive_window.h"

namespace shoal::yamux {

/// What the session knows of one stream: three small state machines side by side.
///
///     opening     open()                                  SYN arrives, within the limits
///                   |                                       |
///                   v     first frame out                   v     first frame out
///                syn_owed ---- SYN ----> syn_sent        ack_owed ---- ACK ----> established
///                                           |                                        ^
///                                           +------------ any frame in --------------+
///
///     sending     open ---- finish() sends FIN ----> finished
///
///     receiving   open ---- FIN arrives ----> peer_finished
///                   |                              |
///                   +------- stop_reading() -------+----> reading_stopped: unread bytes are
///                   dropped
///
///     gone        when finished, peer_finished and nothing is unread;
///                 at once by RST from either side.
///
///     lingering   finished and reading_stopped while the peer may still send: its FIN or RST ends
///                 the stream, its data is answered by RST, so that it does not wait for credit.
struct StreamState {
  enum class Opening : std::uint8_t { syn_owed, syn_sent, ack_owed, established };

  StreamState(Opening how, std::uint32_t credit, std::chrono::nanoseconds now)
      : window(now), send_credit(credit), opening(how), accepted(how != Opening::ack_owed) {}

  bool unacknowledged() const {
    return opening == Opening::syn_owed || opening == Opening::syn_sent;
  }
  bool receiving() const { return !peer_finished && !reading_stopped; }
  bool lingering() const { return finished && reading_stopped && !peer_finished; }
  bool gone() const { return finished && peer_finished && window.unread() == 0; }

  /// SYN or ACK for the first frame that we send, 0 for every later one.
  std::uint16_t take_owed_flag();

  ReceiveWindow window;
  std::uint32_t send_credit;
  Opening opening;
  bool accepted;
  bool finished = false;
  bool peer_finished = false;
  bool reading_stopped = false;
  bool counted_lingering = false;  // the session's own note
};

inline std::uint16_t StreamState::take_owed_flag() {
  switch (opening) {
    case Opening::syn_owed:
      opening = Opening::syn_sent;
      return kSyn;
    case Opening::ack_owed:
      opening = Opening::established;
      return kAck;
    default:
      return 0;
  }
}

}  // namespace shoal::yamux
