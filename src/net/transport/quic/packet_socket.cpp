#include "net/transport/quic/packet_socket.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/transport/quic/incoming.h"
#include "net/transport/quic/session.h"
#include "system/undelivered.h"
#include "system/yield.h"

namespace shoal::quic {

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr Duration kFailurePause = 100ms;

}  // namespace

PacketSocket::PacketSocket(Shared& shared, std::unique_ptr<DatagramSocket> socket)
    : shared_(shared),
      socket_(std::move(socket)),
      secret_(shared.system.random.bytes(kSecretBytes)),
      row_(kMaxRowBytes + 2 * kMaxPacketBytes),
      pause_(shared.system.clock, [this] { end_pause(); }),
      deadlines_(shared.system.clock, [this](TimePoint now) { on_time(now); }),
      to_flush_(shared.system.waits),
      accepted_(shared.system.waits),
      full_(shared.system.waits),
      tasks_(shared.system.waits, "QUIC socket") {}

void PacketSocket::start() {
  if (auto* const reports = dynamic_cast<UndeliveredReports*>(socket_.get())) {
    reports->report_undelivered([this](const Endpoint& to) { undelivered(to); });
  }
  tasks_.spawn(receive_all());
  tasks_.spawn(flush_all());
  tasks_.spawn(send_held());
}

Task<void> PacketSocket::stop() {
  unaccepted_.clear();
  co_await tasks_.stop();
}

std::shared_ptr<void> PacketSocket::begin_handshake() {
  ++handshakes_;
  return {this, [](PacketSocket* socket) { --socket->handshakes_; }};
}

void PacketSocket::add_id(ByteView id, Carried& owner) {
  routes_[to_bytes(id)] = &owner;
}

void PacketSocket::remove_id(ByteView id) {
  const auto found = routes_.find(id);
  if (found != routes_.end()) routes_.erase(found);
}

void PacketSocket::add_reset_token(ByteView token, Carried& owner) {
  reset_tokens_.emplace(to_bytes(token), &owner);
}

void PacketSocket::remove_reset_token(ByteView token, const Carried& owner) {
  const auto found = reset_tokens_.find(token);
  if (found != reset_tokens_.end() && found->second == &owner) reset_tokens_.erase(found);
}

void PacketSocket::must_flush(Carried& carried) {
  enter_line(carried);
  flush_now();
}

void PacketSocket::flush_soon(Carried& carried) {
  enter_line(carried);
  const TimePoint due = last_flush_ + kFlushPause;
  if (now() >= due) return flush_now();
  if (!std::exchange(pausing_, true)) pause_.set(due);
}

/// It may have been flushed meanwhile, and the pause begun anew.
void PacketSocket::end_pause() {
  pausing_ = false;
  if (!line_.empty()) flush_soon(*line_.front());
}

void PacketSocket::enter_line(Carried& carried) {
  if (!std::exchange(carried.is_in_line, true)) line_.push_back(&carried);
}

void PacketSocket::flush_now() {
  if (!std::exchange(flush_due_, true)) to_flush_.notify_one();
}

void PacketSocket::set_deadline(Carried& carried, std::uint64_t serial, TimePoint deadline) {
  timed_[serial] = &carried;
  deadlines_.set(serial, deadline);
}

void PacketSocket::forget(Carried& carried, std::uint64_t serial) {
  if (std::exchange(carried.is_in_line, false)) std::erase(line_, &carried);
  timed_.erase(serial);
  deadlines_.clear(serial);
}

void PacketSocket::on_time(TimePoint now) {
  while (const std::uint64_t serial = deadlines_.take_due(now)) {
    Carried* carried = timed_.at(serial);
    carried->on_time();
    must_flush(*carried);
  }
  flush_line();
}

void PacketSocket::undelivered(const Endpoint& to) {
  if (!reports_.take(shared_.system.clock.now().time_since_epoch())) return;
  for (const auto& [serial, carried] : timed_) carried->undelivered(to);
}

/// Each gets one turn; what is marked meanwhile is left to the next call.
void PacketSocket::flush_line() {
  unanswered_ = 0;
  flush_due_ = false;
  last_flush_ = now();
  for (std::size_t left = line_.size(); left > 0 && !line_.empty() && !is_full(); --left) {
    Carried* first = line_.front();
    line_.pop_front();
    first->is_in_line = false;
    first->flush();
  }
  if (!line_.empty()) flush_due_ = true;
}

Task<void> PacketSocket::flush_all() {
  while (true) {
    if (!flush_due_ || is_full()) {
      co_await to_flush_.wait();
    } else {
      flush_line();
      co_await yield_now(shared_.system.waits);
    }
  }
}

Task<void> PacketSocket::receive_all() {
  Bytes buffer(64 * 1024);
  while (true) {
    bool failed = false;
    try {
      const DatagramSocket::Received got = co_await socket_->receive(buffer);
      shared_.bandwidth.down.passed(got.bytes);
      take_row(ByteView(buffer).first(got.bytes), got);
    } catch (const Error& error) {
      log_debug("QUIC on {}: {}", local().to_string(), error.what());
      row_time_.reset();
      failed = true;
    }
    if (failed) co_await shared_.system.clock.sleep_for(kFailurePause);
  }
}

void PacketSocket::take_row(ByteView bytes, const DatagramSocket::Received& about) {
  const std::size_t each = about.segment_bytes == 0 ? bytes.size() : about.segment_bytes;
  row_time_ = shared_.system.clock.now();
  while (!bytes.empty()) {
    const std::size_t count = std::min(each, bytes.size());
    take_packet(bytes.first(count), about);
    bytes = bytes.subspan(count);
    ++unanswered_;
  }
  row_time_.reset();
  // What else has arrived is taken first, so that one acknowledgement is for all of it; flush_all()
  // has its turn when nothing is left.
  if (unanswered_ >= kMaxUnanswered) flush_line();
}

void PacketSocket::take_packet(ByteView packet, const DatagramSocket::Received& about) {
  ngtcp2_version_cid ids;
  const int result =
      ngtcp2_pkt_decode_version_cid(&ids, packet.data(), packet.size(), Session::kIdBytes);
  if (result == NGTCP2_ERR_VERSION_NEGOTIATION) return answer_version(ids, about);
  if (result != 0) return;
  const auto found = routes_.find(ByteView(ids.dcid, ids.dcidlen));
  if (found == routes_.end()) return take_unknown(packet, ids, about);
  give(*found->second, packet, about);
}

void PacketSocket::give(Carried& carried, ByteView packet, const DatagramSocket::Received& about) {
  carried.receive(packet, about);
  if (carried.may_wait()) {
    flush_soon(carried);
  } else {
    must_flush(carried);
  }
}

Task<std::unique_ptr<QuicIncoming>> PacketSocket::accept() {
  while (unaccepted_.empty()) co_await accepted_.wait();
  auto first = std::move(unaccepted_.front());
  unaccepted_.pop_front();
  co_return first;
}

SendResult PacketSocket::hand_over(const Endpoint& to, ByteView bytes,
                                   const DatagramSocket::SendOptions& options) {
  const SendResult result = socket_->send(to, bytes, options);
  if (result == SendResult::sent) shared_.bandwidth.up.passed(bytes.size());
  return result;
}

SendResult PacketSocket::send(const Endpoint& to, ByteView bytes,
                              const DatagramSocket::SendOptions& options) {
  SendResult result = SendResult::blocked;
  if (!is_full()) result = hand_over(to, bytes, options);
  if (result != SendResult::blocked || held_.size() == kMaxHeldRows) return result;
  held_.push_back({to, to_bytes(bytes), options});
  full_.notify_one();
  return result;
}

Task<void> PacketSocket::send_held() {
  while (true) {
    if (held_.empty()) {
      co_await full_.wait();
      continue;
    }
    co_await socket_->wait_writable();
    while (!held_.empty()) {
      const Held& first = held_.front();
      if (hand_over(first.to, first.bytes, first.options) == SendResult::blocked) break;
      held_.pop_front();
    }
    if (held_.empty()) to_flush_.notify_one();
  }
}

}  // namespace shoal::quic
