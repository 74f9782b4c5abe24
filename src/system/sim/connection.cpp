#include "system/sim/connection.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "system/sim/host_network.h"
#include "system/sim/listener.h"
#include "system/sim/world.h"

namespace shoal::sim {

namespace {

constexpr std::uint32_t kRealPacketsPerSegment = 44;
constexpr Duration kLongestRetransmission = std::chrono::seconds(16);
constexpr unsigned kMostDoublings = 10;

class Handle final : public HostStream {
 public:
  explicit Handle(Connection& connection)
      : connection_(connection), local_(connection.local()), remote_(connection.remote()) {}
  ~Handle() override { connection_.released(); }

  Endpoint local() const override { return local_; }
  Endpoint remote() const override { return remote_; }
  Task<std::size_t> read_some(MutableBytes into) override { return connection_.read_some(into); }
  Task<void> wait_readable() override { return connection_.wait_readable(); }
  Task<void> write(std::span<const ByteView> pieces) override { return connection_.write(pieces); }
  Task<void> close_write() override {
    connection_.close_write();
    co_return;
  }
  void abort() noexcept override { connection_.abort(); }

 private:
  Connection& connection_;
  Endpoint local_;
  Endpoint remote_;
};

Duration backed_off(Duration timeout, unsigned attempts) {
  return std::min(timeout * (1 << std::min(attempts, kMostDoublings)), kLongestRetransmission);
}

}  // namespace

Connection::Connection(HostNetwork& network, std::uint64_t number, Endpoint local, Endpoint remote)
    : network_(network),
      number_(number),
      other_host_(network.host().index()),
      local_(local),
      remote_(remote),
      state_(State::connecting),
      wire_segment_(network.host().options().mtu - Packet::kTcpHeaders),
      segment_(wire_segment_),
      window_(wire_segment_) {}

Connection::~Connection() = default;

std::unique_ptr<HostStream> Connection::handle() {
  held_ = true;
  return std::make_unique<Handle>(*this);
}

/// The first packet from the other side says who it is.
void Connection::meet(const Packet& first) {
  other_number_ = first.source_stream;
  other_host_ = first.source;
  limit_ = first.limit;
  choose_segment_size();
  window_ = CongestionWindow(wire_segment_);
}

void Connection::choose_segment_size() {
  Host& here = network_.host();
  Host& there = network_.world().host(other_host_);
  const Paths& paths = network_.world().paths();
  const std::uint32_t path_mtu = paths.between(here.index(), there.index()).mtu;
  const std::uint32_t mtu = std::min({here.options().mtu, there.options().mtu, path_mtu});
  wire_segment_ = mtu - Packet::kTcpHeaders;
  const bool lossy = paths.loss(here.index(), there.index()) > 0;
  std::uint64_t bytes = lossy ? wire_segment_ : wire_segment_ * kRealPacketsPerSegment;
  for (const RateQueue* line : {&here.up_line(), &there.down_line()}) {
    // On a slow line a large segment would hold up others by more than a millisecond, and it should
    // be a small part of a queue.
    const std::uint64_t rate = line->bytes_per_second();
    if (rate != 0) bytes = std::min({bytes, rate / 1000, line->queue_bytes() / 16});
  }
  const auto whole = static_cast<std::uint32_t>(bytes / wire_segment_);
  segment_ = std::max(1U, whole) * wire_segment_;
}

Task<void> Connection::sleep(Waits::Id& id) {
  const auto begun = [&id](Waits::Id wait) { id = wait; };
  co_await network_.waits().wait(begun);
}

void Connection::wake(Waits::Id& id) {
  if (id != 0) network_.waits().wake(std::exchange(id, 0));
}

PacketPtr Connection::make(PacketKind kind) const {
  auto packet = std::make_unique<Packet>();
  packet->kind = kind;
  packet->wire_bytes = Packet::kTcpHeaders;
  packet->from = local_;
  packet->to = remote_;
  packet->source_stream = number_;
  packet->target = other_host_;
  packet->target_stream = other_number_;
  packet->sequence = sent_;
  packet->acknowledged = expected_;
  packet->limit = read_ + network_.host().options().window_bytes;
  return packet;
}

void Connection::transmit(PacketPtr packet) {
  if (packet->kind != PacketKind::ack) packet->sent_at = network_.world().now();
  network_.send(std::move(packet));
}

void Connection::send_control(PacketKind kind) {
  transmit(make(kind));
}

// --- the exchange ---------------------------------------------------------------------------

Task<void> Connection::establish() {
  send_control(PacketKind::syn);
  const Duration limit = network_.host().options().connect_limit;
  const std::uint64_t number = number_;
  network_.world().after(limit, [&network = network_, number] {
    Connection* late = network.find_connection(number);
    if (late != nullptr && late->is_opening()) late->break_off(Break::timed_out);
  });
  while (is_opening()) co_await sleep(opener_);
  if (why_ == Break::refused) {
    throw Error(ErrorCode::unreachable, "connection refused", remote_.to_string());
  }
  if (why_ == Break::timed_out) {
    throw Error(ErrorCode::timeout, "no answer to a connection attempt", remote_.to_string());
  }
  if (state_ == State::broken) fail();
}

void Connection::answer(const Packet& syn) {
  state_ = State::half_open;
  meet(syn);
  send_control(PacketKind::syn_ack);
}

void Connection::opened() {
  failing_since_ = TimePoint::max();
  state_ = State::open;
  wake(opener_);
  if (listener_ != nullptr) std::exchange(listener_, nullptr)->established(*this);
}

void Connection::receive(Packet& packet) {
  if (packet.kind == PacketKind::reset) {
    return break_off(state_ == State::connecting ? Break::refused : Break::reset);
  }
  if (state_ == State::broken) return;
  if (packet.kind == PacketKind::syn_ack && state_ == State::connecting) {
    meet(packet);
    window_.measured(network_.world().now() - packet.sent_at +
                     network_.world().paths().latency(network_.host().index(), packet.source));
    opened();
    return acknowledge(packet.sent_at);
  }
  if (state_ == State::half_open) {
    window_.measured(network_.world().now() - packet.sent_at);
    opened();
  }
  if (packet.kind == PacketKind::syn_ack) return acknowledge(packet.sent_at);
  if (packet.kind == PacketKind::ack) receive_ack(packet);
  if (packet.kind == PacketKind::segment) receive_segment(packet);
}

// --- out ------------------------------------------------------------------------------------

std::size_t Connection::room() const {
  const std::uint64_t used = unsent_bytes_ + (sent_ - acknowledged_);
  const std::uint64_t bound = network_.host().options().window_bytes;
  return used >= bound ? 0 : bound - used;
}

Task<void> Connection::write(std::span<const ByteView> pieces) {
  if (network_.fires("stream.write")) abort();
  for (ByteView piece : pieces) {
    while (!piece.empty()) {
      while (state_ == State::open && !network_.dead() && room() == 0) {
        pump();
        if (room() == 0) co_await sleep(writer_);
      }
      if (state_ != State::open || network_.dead() || fin_queued_) fail();
      const std::size_t count = std::min(piece.size(), room());
      enqueue(piece.first(count));
      piece = piece.subspan(count);
    }
  }
  if (state_ != State::open || network_.dead() || fin_queued_) fail();
  pump();
}

void Connection::enqueue(ByteView bytes) {
  unsent_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (unsent_.empty() || unsent_.back().size() >= segment_) {
      unsent_.emplace_back();
      unsent_.back().reserve(std::min<std::size_t>(bytes.size(), segment_));
    }
    Bytes& last = unsent_.back();
    const std::size_t count = std::min<std::size_t>(bytes.size(), segment_ - last.size());
    append(last, bytes.first(count));
    bytes = bytes.subspan(count);
  }
}

Bytes Connection::take_unsent(std::size_t bytes) {
  unsent_bytes_ -= bytes;
  if (unsent_offset_ == 0 && unsent_.front().size() == bytes) {
    Bytes whole = std::move(unsent_.front());
    unsent_.pop_front();
    return whole;
  }
  Bytes out;
  out.reserve(bytes);
  while (out.size() < bytes) {
    const ByteView first = ByteView(unsent_.front()).subspan(unsent_offset_);
    const std::size_t count = std::min(bytes - out.size(), first.size());
    append(out, first.first(count));
    unsent_offset_ += count;
    if (unsent_offset_ < unsent_.front().size()) continue;
    unsent_.pop_front();
    unsent_offset_ = 0;
  }
  return out;
}

std::size_t Connection::next_segment_bytes() const {
  const std::uint64_t flying = sent_ - acknowledged_;
  const std::uint64_t window = window_.bytes();
  const std::uint64_t free = std::min(window > flying ? window - flying : 0, limit_ - sent_);
  // The rest of the first chunk goes as it is, without a copy.
  const std::uint64_t chunk = unsent_.empty() ? 0 : unsent_.front().size() - unsent_offset_;
  const std::uint64_t wanted =
      std::min<std::uint64_t>(std::max<std::uint64_t>(chunk, wire_segment_),
                              std::min<std::uint64_t>(unsent_bytes_, segment_));
  if (free >= wanted) return wanted;
  // Waiting for room is better than many small segments, unless nothing is on its way.
  const bool silly = free < std::min<std::uint64_t>(segment_ / 8, window / 8) && flying > 0;
  return silly ? 0 : free;
}

void Connection::pump() {
  while (state_ == State::open && unsent_bytes_ > 0) {
    const std::size_t bytes = next_segment_bytes();
    if (bytes == 0) return;
    send_segment(bytes);
  }
  if (state_ == State::open && fin_queued_ && !fin_sent_) {
    fin_sent_ = true;
    auto packet = make(PacketKind::segment);
    packet->fin = true;
    ++sent_;
    transmit(std::move(packet));
  }
}

void Connection::send_segment(std::size_t bytes) {
  auto packet = make(PacketKind::segment);
  const std::uint64_t real_packets = (bytes + wire_segment_ - 1) / wire_segment_;
  packet->wire_bytes = static_cast<std::uint32_t>(bytes + real_packets * Packet::kTcpHeaders);
  packet->payload = take_unsent(bytes);
  sent_ += bytes;
  transmit(std::move(packet));
}

void Connection::close_write() {
  if (state_ != State::open || network_.dead()) fail();
  fin_queued_ = true;
  pump();
}

void Connection::receive_ack(const Packet& packet) {
  limit_ = std::max(limit_, packet.limit);
  const bool news = packet.acknowledged > acknowledged_;
  if (news || acknowledged_ == sent_) failing_since_ = TimePoint::max();
  if (news) {
    const std::uint64_t fresh = packet.acknowledged - acknowledged_;
    const bool was_full = 2 * (sent_ - acknowledged_) >= window_.bytes();
    acknowledged_ = packet.acknowledged;
    if (packet.sent_at != TimePoint{}) window_.measured(network_.world().now() - packet.sent_at);
    window_.acknowledged(fresh, acknowledged_, sent_, was_full);
  }
  pump();
  const std::size_t enough =
      std::min<std::size_t>(4 * std::size_t{segment_}, network_.host().options().window_bytes / 4);
  if (room() >= enough) wake(writer_);
  remove_when_finished();
}

// --- in -------------------------------------------------------------------------------------

bool Connection::must_wait_to_read() const {
  return received_.empty() && !end_received_ && state_ == State::open && !network_.dead();
}

Task<void> Connection::wait_readable() {
  while (must_wait_to_read()) co_await sleep(reader_);
}

Task<std::size_t> Connection::read_some(MutableBytes into) {
  SHOAL_CHECK(!into.empty());
  while (must_wait_to_read()) co_await sleep(reader_);
  if (network_.fires("stream.read")) abort();
  if (network_.dead() || why_ == Break::aborted) fail();
  if (network_.fires("stream.short_read")) into = into.first(1);
  if (!received_.empty()) co_return take_received(into);
  if (!end_received_) fail();
  end_read_ = true;
  co_return 0;
}

std::size_t Connection::take_received(MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size() && !received_.empty()) {
    const ByteView first = ByteView(received_.front()).subspan(received_offset_);
    const std::size_t count = std::min(first.size(), into.size() - done);
    std::copy_n(first.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
    received_offset_ += count;
    if (received_offset_ < received_.front().size()) break;
    received_.pop_front();
    received_offset_ = 0;
  }
  read_ += done;
  const std::uint64_t window = network_.host().options().window_bytes;
  // What is not told is lost to the sender's window, so it lags by a small part of it at most.
  if (read_ + window >= advertised_ + window / 16 && !end_received_) acknowledge(TimePoint{});
  return done;
}

void Connection::receive_segment(Packet& packet) {
  const TimePoint echo = packet.sent_at;
  if (packet.sequence > expected_) {
    early_.try_emplace(packet.sequence, std::move(packet));
  } else if (packet.sequence == expected_) {
    accept_in_order(packet);
    while (!early_.empty() && early_.begin()->first <= expected_) {
      auto next = early_.extract(early_.begin());
      if (next.key() == expected_) accept_in_order(next.mapped());
    }
    wake(reader_);
  }
  acknowledge(echo);
  remove_when_finished();
}

void Connection::accept_in_order(Packet& packet) {
  expected_ += packet.payload.size();
  if (packet.fin) {
    ++expected_;
    end_received_ = true;
  } else if (!packet.payload.empty()) {
    received_.push_back(std::move(packet.payload));
  }
}

void Connection::acknowledge(TimePoint echo) {
  if (state_ != State::open) return;
  auto packet = make(PacketKind::ack);
  packet->sent_at = echo;
  advertised_ = packet->limit;
  transmit(std::move(packet));
}

// --- loss -----------------------------------------------------------------------------------

void Connection::lost(PacketPtr packet) {
  if (state_ == State::broken || packet->kind == PacketKind::reset) return;
  const TimePoint now = network_.world().now();
  failing_since_ = std::min(failing_since_, now);
  const bool syn = packet->kind == PacketKind::syn;
  if (!syn && now - failing_since_ >= network_.host().options().retransmission_limit) {
    return break_off(Break::timed_out);
  }
  const bool others_follow = sent_ - acknowledged_ > 3 * std::uint64_t{wire_segment_};
  Duration delay = backed_off(window_.retransmission_timeout(), packet->attempts);
  if (packet->kind == PacketKind::segment) {
    if (packet->attempts == 0 && others_follow) delay = window_.round_trip();
    window_.lost(now);
  }
  if (packet->attempts < kMostDoublings) ++packet->attempts;
  retransmit_after(delay, std::move(packet));
}

void Connection::retransmit_after(Duration delay, PacketPtr packet) {
  network_.world().after(
      delay, [&network = network_, number = number_, packet = std::move(packet)]() mutable {
        Connection* connection = network.find_connection(number);
        if (connection == nullptr || connection->state_ == State::broken) return;
        const bool syn = packet->kind == PacketKind::syn;
        if (syn && connection->state_ != State::connecting) return;
        // Hops on its way may have rewritten them.
        packet->from = connection->local_;
        packet->to = connection->remote_;
        connection->transmit(std::move(packet));
      });
}

/// Also for one that only tells of room: a sender without any would never hear of it again.
bool Connection::waits_for_acknowledgement() const {
  const bool no_room = !fin_sent_ && sent_ >= limit_;
  return state_ == State::open && (sent_ > acknowledged_ || no_room);
}

void Connection::probe_later() {
  if (probing_ || !(state_ == State::half_open || waits_for_acknowledgement())) return;
  probing_ = true;
  const TimePoint now = network_.world().now();
  failing_since_ = std::min(failing_since_, now);
  const Duration delay = window_.retransmission_timeout();
  network_.world().after(delay, [&network = network_, number = number_] {
    Connection* connection = network.find_connection(number);
    if (connection != nullptr) connection->probe();
  });
}

void Connection::probe() {
  probing_ = false;
  if (state_ == State::half_open) return send_control(PacketKind::syn_ack);
  if (!waits_for_acknowledgement()) return;
  const TimePoint now = network_.world().now();
  if (failing_since_ != TimePoint::max() &&
      now - failing_since_ >= network_.host().options().retransmission_limit) {
    return break_off(Break::timed_out);
  }
  auto packet = make(PacketKind::segment);
  packet->sequence = acknowledged_;
  transmit(std::move(packet));
}

// --- the end --------------------------------------------------------------------------------

bool Connection::finished() const {
  return fin_sent_ && acknowledged_ == sent_ && end_received_;
}

void Connection::fail() const {
  const char* what = "the stream is closed";
  if (network_.dead()) what = "this host has crashed";
  if (why_ == Break::reset) what = "the stream was reset by the other side";
  if (why_ == Break::timed_out) what = "the other side answers no more";
  throw Error(ErrorCode::closed, what, remote_.to_string());
}

void Connection::break_off(Break why) {
  if (state_ == State::broken) return;
  state_ = State::broken;
  why_ = why;
  unsent_.clear();
  unsent_bytes_ = 0;
  early_.clear();
  wake(opener_);
  wake(reader_);
  wake(writer_);
  if (listener_ != nullptr) std::exchange(listener_, nullptr)->broken(*this);
  if (!held_) network_.remove_connection(number_);
}

void Connection::abort() {
  if (state_ == State::broken || network_.world().ending()) return;
  const bool tell = state_ != State::connecting && !(finished() && end_read_);
  if (tell) send_control(PacketKind::reset);
  break_off(Break::aborted);
}

void Connection::released() {
  if (network_.world().ending()) return;
  listener_ = nullptr;
  // Both sides have said all they want to: the rest finds its way alone, as TCP's does.
  const bool lingers =
      state_ == State::open && !network_.dead() && fin_queued_ && end_read_ && !finished();
  if (lingers) {
    held_ = false;
    return;
  }
  abort();
  network_.remove_connection(number_);
}

void Connection::remove_when_finished() {
  if (!held_ && finished()) network_.remove_connection(number_);
}

}  // namespace shoal::sim
