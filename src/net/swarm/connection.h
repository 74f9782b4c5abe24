#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/token_bucket.h"
#include "net/path.h"
#include "net/resources/ingress_limiter.h"
#include "net/swarm/connection_manager.h"
#include "net/swarm/failure_counts.h"
#include "net/swarm/protocol_table.h"
#include "net/transport/transport.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::net {

/// What all connections of a node share.
struct ConnectionContext {
  /// Streams of all peers that may end in order without counting against who opened them: at once,
  /// and each second.
  static constexpr double kBurstForgiven = 8 * 1024;
  static constexpr double kForgivenPerSecond = 2048;

  ConnectionContext(System& system, double unsolicited_bytes_per_second)
      : ingress(system, unsolicited_bytes_per_second) {}

  ProtocolTable protocols;
  FailureCounts failures;
  std::size_t served_streams = 0;
  TokenBucket forgiven{kBurstForgiven, kForgivenPerSecond};
  IngressLimiter ingress;
};

/// One live connection to a peer: opens streams for those who ask, and hands those that the peer
/// opens to the handler of their protocol. Owned by the swarm, which frees it once it has ended and
/// nobody holds one of its streams; borrowers keep its id, never a reference across a wait.
class Connection {
 public:
  /// Streams that peers opened and that are served here, of all connections; when there are so
  /// many, each connection may still have the second number.
  static constexpr std::size_t kMaxServedStreams = 4 * 1024;
  static constexpr std::size_t kMinServedStreams = 16;
  /// Streams of the peer that may end by breaking their protocol or a limit, at once and each
  /// second; one more ends the connection.
  static constexpr double kMaxBadStreams = 64;
  static constexpr double kBadStreamsPerSecond = 0.1;

  Connection(System& system, ConnectionContext& context, ConnectionId id, Link link,
             Direction direction);

  ConnectionId id() const { return id_; }
  const PeerId& peer() const { return link_.peer; }
  const crypto::PublicKey& key() const { return link_.key; }
  const Multiaddr& local() const { return link_.local; }
  const Multiaddr& remote() const { return link_.remote; }
  Path path() const { return path_; }
  /// It came about because both sides dialled at once.
  void note_punched() { path_ = Path::punched; }
  /// By a relay that ends it after little time or few bytes.
  bool limited() const { return link_.limited; }
  const std::string& security() const { return link_.security; }
  const std::string& muxer_protocol() const { return link_.muxer_protocol; }
  Direction direction() const { return direction_; }
  TimePoint opened_at() const { return opened_at_; }
  Duration round_trip() const { return link_.muxer->round_trip(); }
  std::size_t buffered_bytes() const { return link_.muxer->buffered_bytes(); }
  std::size_t promised_bytes() const { return link_.muxer->promised_bytes(); }
  Muxer& muxer() { return *link_.muxer; }
  std::size_t stream_count() const { return link_.muxer->stream_count(); }
  void when_idle(std::function<void()> callback) { link_.muxer->when_idle(std::move(callback)); }
  bool closed() const { return link_.muxer->closed(); }
  bool going_away() const { return closed() || link_.muxer->going_away(); }
  /// It has ended, and one of the two said farewell before.
  bool ended_in_order() const { return ended_in_order_; }
  /// Streams of the peer that did what streams are for.
  std::size_t streams_in_order() const { return streams_in_order_; }

  /// Whether one of the peer's streams is open now.
  bool is_serving() const { return served_streams_ > 0; }
  /// The peer took or gave content.
  void note_transfer(TimePoint now) { last_transfer_ = last_used_ = now; }
  const std::optional<TimePoint>& last_transfer() const { return last_transfer_; }
  /// How the connection is used, as far as it knows by itself.
  ConnectionUse use() const;

  /// A stream that speaks the first of `protocols` that the peer speaks. With one protocol the
  /// negotiation costs no round trip and its failure shows at the first read. Throws
  /// Error{unsupported}, {closed}, {limit}, {timeout}.
  Task<ProtocolStream> open(std::span<const std::string> protocols);

  /// Returns when the peer has shown that it is there now; throws Error when it turns out that it
  /// is not. See DialAs::early.
  Task<void> wait_until_proven();

  /// Runs until the connection has ended and all that it started has, too.
  Task<void> run();
  /// Lets what was written arrive, then ends, in bounded time: run() returns afterwards.
  void shutdown() { tasks_.spawn(say_farewell()); }
  void close() noexcept { link_.muxer->close(); }

 private:
  Task<void> say_farewell();
  Task<void> close_after(Duration grace);
  void serve_opened();
  class Served;
  bool has_room_for_stream() const;
  Task<void> serve(std::unique_ptr<Stream> stream, std::unique_ptr<Served> counted);
  Task<void> serve_protocol(std::unique_ptr<Stream> stream);
  Task<std::string> negotiate(Stream& stream);
  Task<void> end_late_negotiations();
  void note_failure(const Error& error);

  System& system_;
  ConnectionContext& context_;
  const ConnectionId id_;
  const std::unique_ptr<ReadLimiter> read_limiter_;
  Link link_;
  Path path_;
  const Direction direction_;
  const TimePoint opened_at_;
  std::size_t served_streams_ = 0;
  std::size_t streams_in_order_ = 0;
  TimePoint last_used_;
  std::optional<TimePoint> last_transfer_;
  TokenBucket bad_streams_{kMaxBadStreams, kBadStreamsPerSecond};
  bool too_bad_ = false;
  bool ended_in_order_ = false;
  struct Negotiation;
  std::list<Negotiation*> negotiations_;  // with streams of the peer, oldest first
  bool watching_negotiations_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::net
