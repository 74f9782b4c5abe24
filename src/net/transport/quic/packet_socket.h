#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/token_bucket.h"
#include "net/limited_stream.h"
#include "net/resources/handshake_limiter.h"
#include "net/transport/quic/credentials.h"
#include "net/transport/quic/deadlines.h"
#include "net/transport/quic/limits.h"
#include "net/transport/quic/send_budget.h"
#include "net/transport/quic/tickets.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::quic {

/// What a socket carries.
class Carried {
 public:
  virtual ~Carried() = default;
  /// Whether only acknowledgements and the like are left to send, which may be delayed a little.
  virtual bool may_wait() const { return false; }
  /// A packet that bears one of its ids.
  virtual void receive(ByteView packet, const DatagramSocket::Received& about) = 0;
  /// After one or more calls of receive() or on_time(), or of PacketSocket::must_flush().
  virtual void flush() = 0;
  virtual void on_time() {}
  /// Somebody said that a datagram could not be delivered that went to `to`.
  virtual void undelivered(const Endpoint& /*to*/) {}
  bool is_in_line = false;  // the socket's
};

/// What all connections of a transport share.
struct Shared {
  System& system;
  std::shared_ptr<const Credentials> credentials;
  net::HandshakeLimiter& gate;
  net::Bandwidth bandwidth;
  SendBudget budget{};
  Tickets tickets{};
};

class QuicIncoming;

/// One UDP socket, which carries all connections that came to it or were dialled from it: tells
/// packets apart by connection id, wakes connections in time, and answers by itself what is of no
/// connection, without keeping anything: an unknown version, a first packet under load (Retry), a
/// packet to a connection that is gone (stateless reset).
class PacketSocket {
 public:
  /// Connections that came in and that nobody has accepted; further ones are ignored.
  static constexpr std::size_t kMaxUnaccepted = 64;
  /// With so many handshakes under way, who comes has to prove its address first (Retry).
  static constexpr std::size_t kHandshakesBeforeRetry = 32;
  /// Rows of packets that wait while the kernel's buffer is full; more are lost.
  static constexpr std::size_t kMaxHeldRows = 16;
  /// Answers to what is of no connection, at once and each second.
  static constexpr double kBurstAnswers = 200;
  static constexpr double kAnswersPerSecond = 200;
  /// Reports of datagrams that were not delivered, at once and each second; more are ignored.
  static constexpr double kBurstReports = 100;
  static constexpr double kReportsPerSecond = 20;
  /// Packets that are taken in a row before any of them is answered.
  static constexpr std::size_t kMaxUnanswered = 96;
  /// Between two acknowledgements, while fewer packets arrive: each costs both sides several
  /// microseconds.
  static constexpr Duration kFlushPause = 250us;
  /// What is sent together: rows of packets of one size to one place.
  static constexpr std::size_t kMaxRowBytes = 48 * kMaxPacketBytes;

  PacketSocket(Shared& shared, std::unique_ptr<DatagramSocket> socket);
  void start();
  /// All that it carried must have gone.
  Task<void> stop();

  Endpoint local() const { return socket_->local(); }
  /// The same for all packets of a row.
  TimePoint now() const { return row_time_ ? *row_time_ : shared_.system.clock.now(); }
  Shared& shared() { return shared_; }
  ByteView reset_secret() const { return secret_; }

  // For what it carries.
  void add_id(ByteView id, Carried& owner);
  void remove_id(ByteView id);
  /// What the peer of `owner` ends a stateless reset with. The first one to name it has it.
  void add_reset_token(ByteView token, Carried& owner);
  void remove_reset_token(ByteView token, const Carried& owner);
  void must_flush(Carried& carried);
  /// The same within kFlushPause.
  void flush_soon(Carried& carried);
  /// TimePoint::max(): never.
  void set_deadline(Carried& carried, std::uint64_t serial, TimePoint deadline);
  std::uint64_t next_serial() { return next_serial_++; }
  void forget(Carried& carried, std::uint64_t serial);
  /// Whether what is sent now would only wait.
  bool is_full() const { return !held_.empty(); }
  /// The buffer to write rows of packets in; free between two calls of send().
  MutableBytes row() { return row_; }
  SendResult send(const Endpoint& to, ByteView bytes, const DatagramSocket::SendOptions& options);

  // For a listener.
  void set_accepting(bool accepting) { accepting_ = accepting; }
  Task<std::unique_ptr<QuicIncoming>> accept();
  /// Counts as a handshake under way while it is held.
  std::shared_ptr<void> begin_handshake();
  std::size_t handshakes() const { return handshakes_; }

 private:
  struct Held {
    Endpoint to;
    Bytes bytes;
    DatagramSocket::SendOptions options;
  };
  struct ByteLess {
    using is_transparent = void;
    bool operator()(ByteView one, ByteView other) const { return less(one, other); }
  };

  void enter_line(Carried& carried);
  void flush_now();
  void end_pause();
  Task<void> receive_all();
  Task<void> flush_all();
  Task<void> send_held();
  SendResult hand_over(const Endpoint& to, ByteView bytes,
                       const DatagramSocket::SendOptions& options);
  void take_row(ByteView bytes, const DatagramSocket::Received& about);
  void give(Carried& carried, ByteView packet, const DatagramSocket::Received& about);
  void take_packet(ByteView packet, const DatagramSocket::Received& about);
  void flush_line();
  void on_time(TimePoint now);
  void undelivered(const Endpoint& to);

  // stateless.cpp
  void take_unknown(ByteView packet, const ngtcp2_version_cid& ids,
                    const DatagramSocket::Received& about);
  void take_initial(ByteView packet, const DatagramSocket::Received& about);
  void answer_version(const ngtcp2_version_cid& ids, const DatagramSocket::Received& about);
  void answer_reset(ByteView packet, const ngtcp2_version_cid& ids,
                    const DatagramSocket::Received& about);
  void answer_retry(const ngtcp2_pkt_hd& header, const DatagramSocket::Received& about);
  bool may_answer();
  std::uint64_t now_stamp() const;

  Shared& shared_;
  const std::unique_ptr<DatagramSocket> socket_;
  Bytes secret_;
  Bytes row_;
  std::map<Bytes, Carried*, ByteLess> routes_;
  std::map<Bytes, Carried*, ByteLess> reset_tokens_;
  std::deque<Carried*> line_;  // to be flushed
  bool flush_due_ = false;     // at once
  TimePoint last_flush_{Duration::min() / 2};
  Timer pause_;  // after it
  bool pausing_ = false;
  std::map<std::uint64_t, Carried*> timed_;
  Deadlines deadlines_;
  std::uint64_t next_serial_ = 1;
  std::deque<Held> held_;
  std::deque<std::unique_ptr<QuicIncoming>> unaccepted_;
  bool accepting_ = false;
  std::size_t handshakes_ = 0;
  std::size_t unanswered_ = 0;
  std::optional<TimePoint> row_time_;  // while a row is taken
  TokenBucket answers_{kBurstAnswers, kAnswersPerSecond};
  TokenBucket reports_{kBurstReports, kReportsPerSecond};
  Event to_flush_;
  Event accepted_;
  Event full_;
  TaskGroup tasks_;
};

}  // namespace shoal::quic
