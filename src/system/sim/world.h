#pragma once

#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "system/sim/clock.h"
#include "system/sim/event_queue.h"
#include "system/sim/executor.h"
#include "system/sim/faults.h"
#include "system/sim/host.h"
#include "system/sim/packet_log.h"
#include "system/sim/paths.h"
#include "system/sim/resolver.h"
#include "system/sim/trace.h"
#include "system/waits.h"

namespace shoal::sim {

struct WorldOptions {
  std::string name = "world";  // of the scenario, for messages
  std::uint64_t seed = 1;
  PathOptions path{};  // between any two hosts, when nothing else is said
  /// Steps one call of run… may take, and how many of them without time passing.
  std::uint64_t step_limit = 2'000'000'000;
  std::uint64_t instant_step_limit = 20'000'000;
  WallTime wall_start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
};

/// A world of its own: hosts, the net between them, one virtual clock, one queue of events, and a
/// seed from which all chance follows. One thread. The same program and seed give the same
/// trace_hash(), run after run, machine after machine.
///
/// Whoever uses a host's System (nodes, streams, task groups) is destroyed before the world.
class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Host& add_host(HostOptions options = {});
  Host& host(std::uint32_t index) { return hosts_.at(index); }
  std::uint32_t host_count() const { return static_cast<std::uint32_t>(hosts_.size()); }

  /// Runs all that happens up to `time`, where the clock then stands. All run… functions throw
  /// Error{limit} naming the scenario when a step limit is reached.
  void run_until(TimePoint time);
  void run_for(Duration duration) { run_until(now() + duration); }
  /// Runs until nothing is left that could happen.
  void run_until_idle();
  /// Runs until `task` has ended; rethrows what leaves it. Throws Error{failed} when it waits for
  /// something that nobody will do.
  void run(Task<void> task);
  template <class Result>
  Result run(Task<Result> task);
  /// Runs until `done()`, which is asked after every step; the same errors as run().
  void run_while_not(const std::function<bool()>& done);

  /// Lets `action` happen at `time` (not before now).
  void at(TimePoint time, EventQueue::Action action) { events_.at(time, std::move(action)); }
  void after(Duration delay, EventQueue::Action action) { at(now() + delay, std::move(action)); }

  TimePoint now() const { return clock_.now(); }
  std::uint64_t seed() const { return options_.seed; }
  std::uint64_t trace_hash() const { return trace_.hash(); }
  /// Lets a result of the scenario count in the hash.
  void note(std::uint64_t value) { trace_.add(TraceKind::note, now(), value, 0); }
  std::uint64_t step_count() const { return steps_; }

  Paths& paths() { return paths_; }
  FaultTable& faults() { return faults_; }
  NameTable& names() { return names_; }
  VirtualClock& clock() { return clock_; }
  Waits& waits() { return waits_; }
  EventQueue& events() { return events_; }
  Trace& trace() { return trace_; }
  Executor executor() { return queue_.executor(); }

  /// `one` and `other` no longer reach each other; heal() ends all of it.
  void partition(const std::vector<Host*>& one, const std::vector<Host*>& other);
  void heal() { paths_.heal(); }
  void set_path(const Host& a, const Host& b, PathOptions path);
  /// There and back, without queues and jitter.
  Duration round_trip(const Host& a, const Host& b) const;

  /// Packets to `address` go to the host that `route` names by index, or are lost: what the inward
  /// side of a NAT needs, beside a Hop that rewrites.
  using Route = std::function<std::optional<std::uint32_t>(const Packet&)>;
  void set_route(IpAddress address, Route route);

  /// Hands every packet from now on, as its sender lets go of it, to `sink` in the format pcap,
  /// for Wireshark and the like.
  void write_packets_to(std::function<void(ByteView)> sink);

  /// Puts a packet on its way; for hosts and for tests that forge some.
  void send(PacketPtr packet);
  /// Loses one; its sender notices as it would in the end.
  void drop(PacketPtr packet);
  void move_addresses(const Host& host, const std::vector<IpAddress>& old_ones,
                      const std::vector<IpAddress>& new_ones);
  bool ending() const { return ending_; }

 private:
  struct AddressHash {
    std::size_t operator()(const IpAddress& address) const { return hash_of(address.bytes()); }
  };

  /// Runs the next step that is due up to `limit`; false when there is none.
  bool step(TimePoint limit);
  bool advance(TimePoint limit);
  void count_step();
  std::optional<std::uint32_t> route(const Packet& packet) const;
  /// To every host of the sender's segment, in their order.
  void send_to_segment(PacketPtr packet);
  void travel(PacketPtr packet, std::uint32_t target, TimePoint at);
  void arrive(PacketPtr packet, std::uint32_t target);
  void deliver(PacketPtr packet, std::uint32_t target);

  WorldOptions options_;
  std::uint64_t steps_ = 0;
  std::uint64_t steps_begun_at_ = 0;
  std::uint64_t instant_steps_ = 0;
  bool ending_ = false;
  Trace trace_;
  EventQueue events_;
  RunQueue queue_;
  Waits waits_;
  VirtualClock clock_;
  FaultTable faults_;
  NameTable names_;
  Paths paths_;
  std::optional<PacketLog> packet_log_;
  std::unordered_map<IpAddress, std::uint32_t, AddressHash> addresses_;  // never iterated
  std::unordered_map<IpAddress, Route, AddressHash> routes_;             // never iterated
  std::deque<Host> hosts_;
};

template <class Result>
Result World::run(Task<Result> task) {
  auto result = std::make_shared<std::optional<Result>>();
  const auto keep = [](Task<Result> work,
                       std::shared_ptr<std::optional<Result>> into) -> Task<void> {
    into->emplace(co_await std::move(work));
  };
  run(keep(std::move(task), result));
  return std::move(**result);
}

}  // namespace shoal::sim
