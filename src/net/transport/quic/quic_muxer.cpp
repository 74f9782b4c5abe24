#include "net/transport/quic/quic_muxer.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/error.h"
#include "net/transport/quic/quic_address.h"
#include "net/transport/quic/session_config.h"

namespace shoal::quic {

namespace {

constexpr Duration kDrainLook = 5ms;
/// Of what a connection says nobody is asked before it is this much.
constexpr std::size_t kPaidTogether = 2 * 1024;

}  // namespace

QuicMuxer::QuicMuxer(PacketSocket& socket, const Endpoint& remote, PeerId expected,
                     std::optional<Ticket> ticket)
    : QuicMuxer(socket, client_config(socket, remote, std::move(expected), std::move(ticket)),
                IpAddress{}) {}

QuicMuxer::QuicMuxer(PacketSocket& socket, const FirstPacket& first,
                     const DatagramSocket::Received& about)
    : QuicMuxer(socket, server_config(socket, first, about.from), about.to) {}

QuicMuxer::QuicMuxer(PacketSocket& socket, SessionConfig config, IpAddress own_address)
    : system_(socket.shared().system),
      socket_(socket),
      serial_(socket.next_serial()),
      own_address_(own_address),
      session_(std::move(config), *this, now()),
      changed_(system_.waits),
      openable_(system_.waits),
      tasks_(system_.waits, "QUIC connection") {}

QuicMuxer::~QuicMuxer() {
  close();
  SHOAL_CHECK(handles_ == 0);
  for (const Bytes& id : ids_) socket_.remove_id(id);
  for (const Bytes& token : reset_tokens_) socket_.remove_reset_token(token, *this);
  socket_.forget(*this, serial_);
}

Endpoint QuicMuxer::local() const {
  const Endpoint bound = socket_.local();
  return own_address_.is_unspecified() ? bound : Endpoint{own_address_, bound.port};
}

Task<void> QuicMuxer::handshake() {
  socket_.must_flush(*this);
  while (!closed_ && !session_.ready()) co_await changed_.wait();
  check_open();
}

Task<void> QuicMuxer::wait_until_proven() {
  while (!closed_ && !proven()) co_await changed_.wait();
  check_open();
}

void QuicMuxer::check_open() const {
  if (session_.failure()) std::rethrow_exception(session_.failure());
  if (closed_) throw Error(ErrorCode::closed, "the connection has ended");
}

Task<void> QuicMuxer::run() {
  running_ = true;
  try {
    while (!closed_) co_await changed_.wait();
  } catch (const boost::system::system_error&) {
    // Cancelled: it ends all the same.
  }
  close();
  co_await tasks_.stop();
  if (session_.failure()) std::rethrow_exception(session_.failure());
}

void QuicMuxer::receive(ByteView packet, const DatagramSocket::Received& about) {
  if (closed_) return;
  if (!paying_) return process(packet, about);
  if (waiting_bytes_ + packet.size() > kMaxWaitingBytes) return;
  waiting_bytes_ += packet.size();
  waiting_.push_back({to_bytes(packet), about});
}

void QuicMuxer::process(ByteView packet, const DatagramSocket::Received& about) {
  own_address_ = about.to;
  if (!costs_nothing()) unpaid_ += packet.size();
  session_.receive(packet, about.from, about.ecn, now());
  if (!unaccepted_.empty() && when_opened_) when_opened_();
}

void QuicMuxer::on_time() {
  session_.on_time(now());
}

void QuicMuxer::undelivered(const Endpoint& to) {
  if (closed_ || !heeds_undelivered_ || to != session_.remote()) return;
  session_.cannot_send("nobody listens there");
  socket_.must_flush(*this);
}

void QuicMuxer::flush() {
  if (!closed_) {
    send_packets();
    if (session_.over()) {
      finish_up();
    } else if (!told_proven_ || !running_) {
      told_proven_ = proven();
      if (told_proven_) handshake_.reset();
      changed_.notify_all();
    }
  }
  settle_deadline();
  buffers_.report(*this);
  if (costs_nothing()) {
    unpaid_ = 0;
    opened_ = 0;
  } else if (running_ && !closed_ && !paying_ && must_pay()) {
    paying_ = true;
    tasks_.spawn(pay());
  }
}

/// Packets of one size leave in a row, which costs one call to the kernel.
void QuicMuxer::send_packets() {
  const MutableBytes space = socket_.row();
  const Session::Time time = now();
  const std::size_t most = session_.burst_bytes();
  Session::Outgoing like;
  std::size_t used = 0;
  std::size_t each = 0;
  std::size_t total = 0;
  while (!socket_.is_full() && total < most) {
    const Session::Outgoing next = session_.next_packet(space.subspan(used), time);
    if (next.bytes == 0) break;
    total += next.bytes;
    const bool fits =
        used == 0 || (next.to == like.to && next.ecn == like.ecn && next.bytes <= each &&
                      used + next.bytes <= PacketSocket::kMaxRowBytes);
    if (!fits) {
      send_row(space.first(used), like, each);
      std::copy_n(space.begin() + static_cast<std::ptrdiff_t>(used), next.bytes, space.begin());
      used = 0;
    }
    if (used == 0) {
      like = next;
      each = next.bytes;
    }
    used += next.bytes;
    if (next.bytes < each) {
      send_row(space.first(used), like, each);
      used = 0;
    }
  }
  if (used > 0) send_row(space.first(used), like, each);
  if (total > 0) session_.note_sent(total, time);
  if (total >= most || socket_.is_full()) changed();
}

void QuicMuxer::send_row(ByteView row, const Session::Outgoing& like, std::size_t each) {
  DatagramSocket::SendOptions options{.ecn = like.ecn, .from = own_address_};
  if (row.size() > each) options.segment_bytes = static_cast<std::uint16_t>(each);
  earned_ = std::min(kMaxEarned, earned_ + row.size() / kSentForOne);
  SendResult result = socket_.send(like.to, row, options);
  if (result == SendResult::unreachable && !own_address_.is_unspecified()) {
    // The address that we had may be gone.
    own_address_ = options.from = {};
    result = socket_.send(like.to, row, options);
  }
  if (result == SendResult::unreachable) session_.cannot_send("no way to this address");
}

void QuicMuxer::settle_deadline() {
  const Session::Time deadline = closed_ ? Session::Time::max() : session_.deadline();
  socket_.set_deadline(*this, serial_, TimePoint(deadline));
}

void QuicMuxer::close() noexcept {
  if (closed_) return;
  session_.close();
  finish_up();
}

void QuicMuxer::finish_up() noexcept {
  closed_ = true;
  handshake_.reset();
  const Session::Outgoing last = session_.closing_packet(socket_.row(), now());
  if (last.bytes > 0) {
    socket_.send(last.to, socket_.row().first(last.bytes), {.ecn = last.ecn, .from = own_address_});
  }
  socket_.set_deadline(*this, serial_, TimePoint::max());
  if (read_limiter_ != nullptr) read_limiter_->leave();
  session_.for_each([](StreamState& stream) {
    if (stream.handle == nullptr) return;
    stream.handle->fail_reading("the connection has ended");
    stream.handle->fail_writing("the connection has ended");
  });
  waiting_.clear();
  unaccepted_.clear();
  changed_.notify_all();
  openable_.notify_all();
}

Task<void> QuicMuxer::shutdown() {
  going_away_ = true;
  openable_.notify_all();
  while (!closed_ && !session_.drained()) co_await system_.clock.sleep_for(kDrainLook);
  close();
}

std::unique_ptr<Stream> QuicMuxer::open() {
  if (going_away()) throw Error(ErrorCode::closed, "the connection has ended");
  return make_stream(session_.open(now()));
}

std::unique_ptr<QuicStream> QuicMuxer::make_stream(StreamState& state) {
  ++handles_;
  return std::make_unique<QuicStream>(*this, state);
}

Task<void> QuicMuxer::wait_to_open() {
  while (!going_away() && must_wait_to_open()) co_await openable_.wait();
}

std::shared_ptr<void> QuicMuxer::hold() {
  ++handles_;
  return {this, [](QuicMuxer* held) { held->drop_handle(); }};
}

std::unique_ptr<Stream> QuicMuxer::take_opened() {
  if (unaccepted_.empty()) return nullptr;
  std::unique_ptr<Stream> stream = std::move(unaccepted_.front());
  unaccepted_.pop_front();
  return stream;
}

void QuicMuxer::opened(StreamState& stream) {
  ++opened_;
  unaccepted_.push_back(make_stream(stream));
}

void QuicMuxer::data(StreamState& stream, ByteView bytes, bool end) {
  stream.handle->deliver(bytes, end);
}

void QuicMuxer::reset(StreamState& stream, const std::string& reason) {
  if (stream.handle == nullptr) return;
  // Either half may be reset alone; for the users of streams it is the end of both.
  stream.handle->fail_reading(reason);
  stream.handle->fail_writing(reason);
}

void QuicMuxer::stopped(StreamState& stream) {
  if (stream.handle != nullptr) stream.handle->fail_writing("the peer reads no more of the stream");
}

void QuicMuxer::writable(StreamState& stream) {
  if (stream.handle != nullptr) stream.handle->allow_writing();
}

void QuicMuxer::add_id(ByteView id) {
  ids_.insert(to_bytes(id));
  socket_.add_id(id, *this);
}

void QuicMuxer::remove_id(ByteView id) {
  ids_.erase(to_bytes(id));
  socket_.remove_id(id);
}

void QuicMuxer::add_reset_token(ByteView token) {
  reset_tokens_.insert(to_bytes(token));
  socket_.add_reset_token(token, *this);
}

void QuicMuxer::remove_reset_token(ByteView token) {
  reset_tokens_.erase(to_bytes(token));
  socket_.remove_reset_token(token, *this);
}

void QuicMuxer::put(StreamState& stream, net::PiecesLeft& left) {
  session_.put(stream, left);
  changed();
}

void QuicMuxer::make_known(StreamState& stream) {
  if (!closed_ && session_.announce(stream)) changed();
}

void QuicMuxer::finish(StreamState& stream) {
  session_.finish(stream);
  changed();
}

void QuicMuxer::reset_by_us(StreamState& stream) {
  session_.reset(stream);
  changed();
}

void QuicMuxer::consumed(StreamState& stream, std::size_t bytes) {
  const bool urgent = session_.consumed(stream, bytes, now());
  if (closed_) return;
  if (urgent) {
    changed();
  } else {
    socket_.flush_soon(*this);
  }
}

void QuicMuxer::release(StreamState& stream) noexcept {
  session_.let_go(stream, now());
  if (!closed_) changed();
  buffers_.report(*this);
  drop_handle();
}

void QuicMuxer::drop_handle() noexcept {
  if (--handles_ > 0 || !when_idle_) return;
  boost::asio::post(system_.executor(), std::exchange(when_idle_, nullptr));
}

bool QuicMuxer::costs_nothing() const {
  const bool is_limited = !socket_.shared().bandwidth.down.unlimited();
  const bool is_limited_by_peer = read_limiter_ != nullptr && !read_limiter_->waived();
  return !is_limited && !is_limited_by_peer;
}

bool QuicMuxer::must_pay() const {
  return !costs_nothing() && (unpaid_ >= kPaidTogether || opened_ > 0);
}

/// What arrives meanwhile waits.
Task<void> QuicMuxer::pay() {
  while (!closed_ && must_pay()) {
    const std::size_t received = std::exchange(unpaid_, 0);
    const std::size_t opened = std::exchange(opened_, 0);
    const std::size_t paid = std::min(received, earned_);
    earned_ -= paid;
    co_await socket_.shared().bandwidth.down.take(received);
    const bool is_limited_by_peer = read_limiter_ != nullptr && !read_limiter_->waived();
    if (is_limited_by_peer && !closed_) co_await read_limiter_->pay(received - paid, opened);
    std::deque<Waiting> waited = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    for (const Waiting& each : waited) {
      if (!closed_) process(each.packet, each.about);
    }
  }
  paying_ = false;
  changed();
}

net::Link make_link(std::unique_ptr<QuicMuxer> muxer, Multiaddr remote) {
  crypto::PublicKey key = muxer->peer_key();
  Multiaddr local = quic_address(muxer->local());
  return {.peer = PeerId::from_public_key(key),
          .key = std::move(key),
          .muxer = std::move(muxer),
          .local = std::move(local),
          .remote = std::move(remote),
          .security = "/tls/1.0.0",
          .muxer_protocol = "quic"};
}

}  // namespace shoal::quic
