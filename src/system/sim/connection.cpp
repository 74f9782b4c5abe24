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
  return network_.waits().wait([&id](Waits::Id wait) { id = wait; });
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

// --- how it begins ---------------------------------------------------------------------------

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

// --- how it ends -----------------------------------------------------------------------------

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
