#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/token_bucket.h"
#include "net/muxer/pieces_left.h"
#include "net/transport/quic/credentials.h"
#include "net/transport/quic/native_address.h"
#include "net/transport/quic/send_budget.h"
#include "net/transport/quic/stream_state.h"
#include "net/transport/quic/tickets.h"
#include "system/random.h"

namespace shoal::quic {

/// What the packets of the peer brought about. Called from within Session::receive(), next_packet()
/// and on_time(): none of these may be called back, nor may the session be destroyed.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  /// The peer opened it.
  virtual void opened(StreamState& stream) = 0;
  /// The next bytes, lent for the call; `end` when they are the last.
  virtual void data(StreamState& stream, ByteView bytes, bool end) = 0;
  /// No more bytes come, or none can be sent any more, because the peer said so.
  virtual void reset(StreamState& stream, const std::string& reason) = 0;
  virtual void stopped(StreamState& stream) = 0;
  /// A writer that waits finds room.
  virtual void writable(StreamState& stream) = 0;
  /// Streams can be opened that could not before.
  virtual void may_open() = 0;
  /// Packets to the connection arrive under this id from now on, or no longer.
  virtual void add_id(ByteView id) = 0;
  virtual void remove_id(ByteView id) = 0;
  /// A packet that ends in this says that the peer has forgotten the connection.
  virtual void add_reset_token(ByteView token) = 0;
  virtual void remove_reset_token(ByteView token) = 0;
};

/// A connection id as the key of a map.
inline Bytes id_bytes(const ngtcp2_cid& id) {
  return {id.data, id.data + id.datalen};
}

struct SessionConfig {
  net::Direction direction = net::Direction::outbound;
  std::shared_ptr<const Credentials> credentials;
  TlsSession::Verify verify;
  /// Outlive the session.
  Random* random = nullptr;
  SendBudget* budget = nullptr;
  /// The socket's; the same for all packets.
  Endpoint local{};
  Endpoint remote{};
  /// What tokens of stateless resets are made of; the socket's own.
  ByteView reset_secret{};

  // Of one that we dial:
  /// To speak before the peer has answered; and who keeps the next one.
  std::optional<Ticket> ticket{};
  std::function<void(Ticket)> on_ticket{};

  // Of a connection that came in:
  ngtcp2_cid client_id{};                   // that the client gave itself
  ngtcp2_cid initial_id{};                  // that the client chose for its first packet to us
  std::optional<ngtcp2_cid> original_id{};  // the same before a Retry
  Bytes token{};                            // by which the client proved its address
};

/// One QUIC connection without its I/O: packets in, packets out, streams between. ngtcp2 does
/// QUIC; this keeps the books of what a peer may make us hold, and shares what may be sent between
/// the streams.
///
/// How it is driven, on one thread: receive() for each packet; next_packet() until it gives none,
/// after every other call; on_time() at deadline(). `now` is any monotonic time.
///
/// Errors: when the connection is over, by whatever cause, over() says so and failure() why. A last
/// packet may tell the peer: closing_packet().
class Session {
 public:
  using Time = std::chrono::nanoseconds;
  static constexpr std::size_t kIdBytes = 8;
  /// Streams that the peer may open one after the other without having done what streams are for.
  static constexpr std::size_t kBurstOpens = 1024;
  static constexpr double kOpensPerSecond = 16;
  /// How often it is looked which streams the peer has stopped, while writers wait.
  static constexpr Time kStopLook = std::chrono::milliseconds(20);

  /// Throws Error{failed}.
  Session(SessionConfig config, SessionEvents& events, Time now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void receive(ByteView packet, const Endpoint& from, std::uint8_t ecn, Time now);

  struct Outgoing {
    std::size_t bytes = 0;  // 0: nothing to send
    Endpoint to{};
    std::uint8_t ecn = 0;
  };
  /// Writes the next packet; `into` has kMaxPacketBytes at least.
  Outgoing next_packet(MutableBytes into, Time now);
  /// After a row of packets of so many bytes, for pacing.
  void note_sent(std::size_t bytes, Time now);
  std::size_t burst_bytes() const;

  /// nanoseconds::max() when there is nothing to wait for.
  Time deadline() const;
  void on_time(Time now);

  /// Where it began.
  const Endpoint& remote() const { return config_.remote; }
  /// Who the peer is is known, and streams can be opened: established, or resumed by a ticket.
  bool ready() const { return established() || early_; }
  /// The handshake is over: the peer is there now, and what it said was not played back.
  bool established() const { return ngtcp2_conn_get_handshake_completed(connection_) != 0; }
  bool over() const { return over_; }
  /// Null after an orderly end.
  const std::exception_ptr& failure() const { return failure_; }
  /// The network does not take our packets: ends a connection whose peer never said anything.
  void cannot_send(const std::string& reason);
  /// We end the connection. What closing_packet() then gives says that all was well.
  void close();
  /// Tells the peer, unless it knows. At most one packet, once.
  Outgoing closing_packet(MutableBytes into, Time now);

  /// Of the peer, once ready.
  const crypto::PublicKey& peer_key() const { return *tls_.peer_key(); }
  Time round_trip() const;

  /// Of all streams that the peer lets us have, how many more.
  std::size_t may_open() const { return ngtcp2_conn_get_streams_bidi_left(connection_); }
  /// Throws Error{limit}.
  StreamState& open(Time now);
  /// Takes bytes off `left` for sending, as many as there is room for. When that is not all,
  /// SessionEvents::writable says when more is worth a try.
  void put(StreamState& stream, net::PiecesLeft& left);
  /// Makes it known to the peer, data or not. False when it is already.
  bool announce(StreamState& stream);
  void finish(StreamState& stream);
  void reset(StreamState& stream);
  /// The reader has taken `bytes`. Returns whether the peer should hear of it at once.
  bool consumed(StreamState& stream, std::size_t bytes, Time now);
  /// Its user is done with it: the handle is gone. May free the stream.
  void let_go(StreamState& stream, Time now);
  template <class Action>
  void for_each(Action action) {
    for (const auto& [id, stream] : streams_) action(*stream);
  }
  /// Streams that the peer opens cost more than they bring: further ones have to wait for it.
  void forgive_open() { forgiven_opens_ = std::min(forgiven_opens_ + 1, kBurstOpens); }

  bool has_unsent() const { return over_ || !line_.empty(); }
  std::size_t unread_bytes() const { return unread_; }
  std::size_t promised_bytes() const { return promised_; }
  /// Whether all that was written has arrived, as far as we know.
  bool drained() const { return held_ == 0 && line_.empty(); }
  /// Sent or to be sent, and not acknowledged.
  std::size_t unacknowledged_bytes() const { return held_; }
  void bound_growth(std::function<std::size_t()> allowance) { allowance_ = std::move(allowance); }

 private:
  friend struct Callbacks;
  using Streams = std::map<StreamId, std::unique_ptr<StreamState>>;

  static std::uint64_t stamp(Time now) { return static_cast<std::uint64_t>(now.count()); }
  void begin_client(Time now);
  void begin_server(Time now);
  ngtcp2_settings settings(Time now) const;
  ngtcp2_transport_params parameters() const;

  // session_early.cpp
  void begin_early();
  void look_for_early_data();
  void on_handshake_over();
  void on_ticket(Bytes data);
  void send_again();
  Time answer_timeout() const;

  // session_send.cpp
  StreamState* next_stream();
  void queue(StreamState& stream);
  void unqueue(StreamState& stream);
  bool has_something(const StreamState& stream) const;
  void took(StreamState& stream, std::size_t bytes, bool end);
  void stop_sending(StreamState& stream);
  void hold(std::size_t more);
  void unhold(std::size_t less);
  Outgoing find_stopped(MutableBytes into, Time now);
  bool is_held_up(const StreamState& stream) const;
  void wake_writer(StreamState& stream);
  void wake_starved();

  // session_streams.cpp, by way of callbacks
  void on_opened(StreamId id);
  void on_data(StreamState& stream, ByteView bytes, bool end);
  void on_acknowledged(StreamState& stream, std::uint64_t offset);
  void on_closed(StreamState& stream);
  void make_id(ngtcp2_cid& id, std::uint8_t* token, std::size_t length);
  void give_credit(std::uint64_t bytes);
  void allow_open(Time now);
  void free(StreamState& stream);
  void reset_dropped();
  void keep_alive(Time now);

  void end(int code, Time now);
  void end_with(std::exception_ptr failure);

  const SessionConfig config_;
  SessionEvents& events_;
  TlsSession tls_;
  NativeAddress local_;
  ngtcp2_conn* connection_ = nullptr;
  Streams streams_;
  std::deque<StreamState*> line_;  // those that have something to send
  std::size_t turn_ = 0;           // packets of the first one in a row
  std::list<StreamId> dropped_;    // to be reset, for too many unread bytes
  std::function<std::size_t()> allowance_;
  std::size_t unread_ = 0;
  std::size_t promised_ = 0;
  // Promised to streams that have ended, of the connection's window.
  std::uint64_t credit_debt_ = 0;
  std::size_t held_ = 0;
  bool starved_ = false;  // a writer waits for memory
  bool held_up_ = false;  // or for room or the peer's windows
  Time look_at_ = Time::max();
  Time last_look_ = Time::min() / 2;
  TokenBucket opens_{kBurstOpens, kOpensPerSecond};
  std::size_t owed_opens_ = 0;  // streams that ended and may be followed by others
  std::size_t forgiven_opens_ = 0;
  const Time begun_;
  Time now_{};
  Time last_data_ = Time::min() / 2;
  bool transferring_ = false;
  std::size_t sent_unpaced_ = 0;
  bool heard_ = false;
  bool early_ = false;
  bool refused_early_ = false;  // what was sent early has to be sent again
  bool over_ = false;
  bool told_ = false;
  std::optional<native::CloseError> close_error_;
  std::exception_ptr failure_;
};

}  // namespace shoal::quic
