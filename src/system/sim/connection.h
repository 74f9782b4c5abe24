#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "system/network.h"
#include "system/sim/congestion.h"
#include "system/sim/packet.h"
#include "system/waits.h"

namespace shoal::sim {

class HostListener;
class HostNetwork;

/// One end of a stream between hosts: TCP as far as it matters to those who use it.
///
///   connecting --SYN-ACK--> open        half_open --any answer--> open
///        \__ RST, no answer __\____________/___ RST, retransmission limit, abort __> broken
///
/// Where both sides connect to each other at once, each goes from connecting to half_open by the
/// other's SYN.
///
/// Bytes are cut into segments, each a packet that finds its own way; a lost one comes again after
/// a round trip or a retransmission timeout. Segments are as large as 44 times what one real packet
/// carries where neither loss nor a slow line asks for small ones.
class Connection {
 public:
  Connection(HostNetwork& network, std::uint64_t number, Endpoint local, Endpoint remote);
  ~Connection();

  /// The one object through which the user holds this end; its destruction aborts.
  std::unique_ptr<HostStream> handle();

  /// The client's side of the exchange: throws Error{unreachable} or {timeout}.
  Task<void> establish();
  /// The server's, and of both sides where both connect at once.
  void answer(const Packet& syn);
  bool connecting() const { return state_ == State::connecting; }
  void set_listener(HostListener* listener) { listener_ = listener; }

  Task<std::size_t> read_some(MutableBytes into);
  Task<void> wait_readable();
  Task<void> write(std::span<const ByteView> pieces);
  void close_write();
  void abort();
  /// The user holds it no more.
  void released();

  void receive(Packet& packet);
  void lost(PacketPtr packet);
  /// An acknowledgement for this end was lost.
  void probe_later();
  bool broken() const { return state_ == State::broken; }

  const Endpoint& local() const { return local_; }
  const Endpoint& remote() const { return remote_; }

 private:
  enum class State : std::uint8_t { connecting, half_open, open, broken };
  enum class Break : std::uint8_t { none, aborted, reset, refused, timed_out };

  PacketPtr make(PacketKind kind) const;
  void send_control(PacketKind kind);
  void transmit(PacketPtr packet);
  void acknowledge(TimePoint echo);
  void pump();
  std::size_t next_segment_bytes() const;
  void send_segment(std::size_t bytes);
  void meet(const Packet& first);
  void choose_segment_size();
  void enqueue(ByteView bytes);
  Bytes take_unsent(std::size_t bytes);
  bool must_wait_to_read() const;
  std::size_t take_received(MutableBytes into);
  std::size_t room() const;
  bool finished() const;

  void receive_ack(const Packet& packet);
  void receive_segment(Packet& packet);
  void accept_in_order(Packet& packet);
  bool is_opening() const { return state_ == State::connecting || state_ == State::half_open; }
  void opened();
  void retransmit_after(Duration delay, PacketPtr packet);
  bool waits_for_acknowledgement() const;
  void probe();
  void break_off(Break why);
  void remove_when_finished();
  [[noreturn]] void fail() const;

  Task<void> sleep(Waits::Id& id);
  void wake(Waits::Id& id);

  HostNetwork& network_;
  std::uint64_t number_;
  std::uint64_t other_number_ = 0;
  std::uint32_t other_host_;
  Endpoint local_;
  Endpoint remote_;
  HostListener* listener_ = nullptr;
  State state_;
  Break why_ = Break::none;
  bool held_ = false;  // by the user, through a handle
  bool fin_queued_ = false;
  bool fin_sent_ = false;
  bool end_received_ = false;
  bool end_read_ = false;
  bool probing_ = false;
  std::uint32_t wire_segment_;  // payload of one real packet
  std::uint32_t segment_;       // payload of one simulated packet

  // Out: [0, acknowledged_) arrived, [.., sent_) on its way, then unsent_.
  std::list<Bytes> unsent_;
  std::size_t unsent_offset_ = 0;
  std::uint64_t unsent_bytes_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t limit_ = 0;
  CongestionWindow window_;
  TimePoint failing_since_ = TimePoint::max();

  // In: [0, expected_) arrived, of which received_ are unread.
  std::list<Bytes> received_;
  std::size_t received_offset_ = 0;
  std::uint64_t expected_ = 0;
  std::uint64_t read_ = 0;
  std::uint64_t advertised_ = 0;
  std::map<std::uint64_t, Packet> early_;  // by sequence

  Waits::Id opener_ = 0;
  Waits::Id reader_ = 0;
  Waits::Id writer_ = 0;
};

}  // namespace shoal::sim
