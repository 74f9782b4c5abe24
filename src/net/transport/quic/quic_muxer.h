#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "format/peer_id.h"
#include "net/limited_stream.h"
#include "net/muxer/buffer_reports.h"
#include "net/muxer/muxer.h"
#include "net/transport/quic/incoming.h"
#include "net/transport/quic/packet_socket.h"
#include "net/transport/quic/quic_stream.h"
#include "net/transport/quic/session.h"

namespace shoal::quic {

/// A QUIC connection as the swarm knows connections: its streams are the streams.
class QuicMuxer final : public net::Muxer, public Carried, private SessionEvents {
 public:
  /// What arrives while the connection waits to read on; more is lost, which slows the sender.
  static constexpr std::size_t kMaxWaitingBytes = 128 * 1024;
  /// For so many bytes sent, one that is received costs nothing, up to so many: acknowledgements.
  static constexpr std::size_t kSentForOne = 32;
  static constexpr std::size_t kMaxEarned = 64 * 1024;

  /// Dials `expected`; with a ticket without waiting for its answer.
  QuicMuxer(PacketSocket& socket, const Endpoint& remote, PeerId expected,
            std::optional<Ticket> ticket = {});
  /// Answers a client.
  QuicMuxer(PacketSocket& socket, const FirstPacket& first, const DatagramSocket::Received& about);
  ~QuicMuxer() override;

  /// Gives up when it is said that nobody listens there: not where the peer may be behind a NAT
  /// that lets us in a moment later.
  void heed_undelivered() { heeds_undelivered_ = true; }
  /// Returns when the peer has proved who it is, or a ticket has. Throws as Transport::dial() does.
  Task<void> handshake();
  /// So that a client that speaks early counts as one whose handshake is under way.
  void hold_until_proven(std::shared_ptr<void> handshake) { handshake_ = std::move(handshake); }
  const crypto::PublicKey& peer_key() const { return session_.peer_key(); }
  Endpoint local() const;

  Task<void> run() override;
  bool proven() const override { return session_.established(); }
  Task<void> wait_until_proven() override;
  std::unique_ptr<Stream> open() override;
  bool must_wait_to_open() const override { return !closed_ && session_.may_open() == 0; }
  Task<void> wait_to_open() override;
  std::shared_ptr<void> hold() override;
  std::unique_ptr<Stream> take_opened() override;
  void when_opened(std::function<void()> callback) override { when_opened_ = std::move(callback); }
  Task<void> shutdown() override;
  void close() noexcept override;
  bool closed() const override { return closed_; }
  bool going_away() const override { return closed_ || going_away_; }
  std::size_t stream_count() const override { return handles_; }
  void when_idle(std::function<void()> callback) override { when_idle_ = std::move(callback); }
  void limit_reading(net::ReadLimiter& limiter) override { read_limiter_ = &limiter; }
  void forgive_open() override { session_.forgive_open(); }
  Duration round_trip() const override { return session_.round_trip(); }
  std::size_t buffered_bytes() const override { return session_.unread_bytes(); }
  std::size_t promised_bytes() const override { return session_.promised_bytes(); }
  void when_buffering(std::function<void()> callback) override {
    buffers_.when_buffering(std::move(callback));
  }
  void bound_promises(std::function<std::size_t()> allowance) override {
    session_.bound_growth(std::move(allowance));
  }

  bool may_wait() const override { return running_ && told_proven_ && !session_.has_unsent(); }
  void receive(ByteView packet, const DatagramSocket::Received& about) override;
  void flush() override;
  void on_time() override;
  void undelivered(const Endpoint& to) override;

 private:
  friend class QuicStream;
  struct Waiting {
    Bytes packet;
    DatagramSocket::Received about;
  };

  QuicMuxer(PacketSocket& socket, SessionConfig config, IpAddress own_address);

  // SessionEvents
  void opened(StreamState& stream) override;
  void data(StreamState& stream, ByteView bytes, bool end) override;
  void reset(StreamState& stream, const std::string& reason) override;
  void stopped(StreamState& stream) override;
  void writable(StreamState& stream) override;
  void may_open() override { openable_.notify_all(); }
  void add_id(ByteView id) override;
  void remove_id(ByteView id) override;
  void add_reset_token(ByteView token) override;
  void remove_reset_token(ByteView token) override;

  // For streams.
  net::Bandwidth bandwidth() { return socket_.shared().bandwidth; }
  void put(StreamState& stream, net::PiecesLeft& left);
  void make_known(StreamState& stream);
  void finish(StreamState& stream);
  void reset_by_us(StreamState& stream);
  void consumed(StreamState& stream, std::size_t bytes);
  void release(StreamState& stream) noexcept;
  void changed() { socket_.must_flush(*this); }

  Session::Time now() const { return socket_.now().time_since_epoch(); }
  void check_open() const;
  std::unique_ptr<QuicStream> make_stream(StreamState& state);
  void process(ByteView packet, const DatagramSocket::Received& about);
  void send_packets();
  void send_row(ByteView row, const Session::Outgoing& like, std::size_t each);
  void settle_deadline();
  void finish_up() noexcept;
  bool costs_nothing() const;
  bool must_pay() const;
  Task<void> pay();
  void drop_handle() noexcept;

  System& system_;
  PacketSocket& socket_;
  const std::uint64_t serial_;
  std::set<Bytes> ids_;
  std::set<Bytes> reset_tokens_;
  IpAddress own_address_;
  Session session_;
  std::list<std::unique_ptr<QuicStream>> unaccepted_;
  std::size_t handles_ = 0;
  bool closed_ = false;
  bool going_away_ = false;
  bool running_ = false;
  std::shared_ptr<void> handshake_;
  bool told_proven_ = false;  // to those who wait for it
  bool heeds_undelivered_ = false;
  net::ReadLimiter* read_limiter_ = nullptr;
  bool paying_ = false;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t unpaid_ = 0;
  std::size_t opened_ = 0;
  std::size_t earned_ = 0;
  std::function<void()> when_opened_;
  std::function<void()> when_idle_;
  net::BufferReports buffers_;
  shoal::Event changed_;
  shoal::Event openable_;
  TaskGroup tasks_;
};

/// The connection, once its handshake is over.
net::Link make_link(std::unique_ptr<QuicMuxer> muxer, Multiaddr remote);

}  // namespace shoal::quic
