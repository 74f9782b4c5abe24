#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/async.h>

namespace shoal {

namespace library {
struct SimulatedWorld;
struct SimulatedMachine;
}  // namespace library

struct SimulationOptions {
  /// All chance follows from it: the same program and seed give the same run.
  std::uint64_t seed = 1;
};

struct HostOptions {
  std::string name = {};  // "host-7" when empty
  std::uint64_t up = 0;   // of its line, bytes a second; 0: no limit
  std::uint64_t down = 0;
  /// From the host to the middle of the net: between two hosts it takes both, each way.
  std::chrono::nanoseconds delay = std::chrono::microseconds(12'500);
  /// Chance that a packet to or from it is lost, 0 to 1.
  double loss = 0;
};

/// A machine of a simulation: an address and a disk. `Node(host, options)` makes a node on it.
class SimulatedHost {
 public:
  explicit SimulatedHost(library::SimulatedMachine& machine) : machine_(&machine) {}

  const std::string& name() const;
  /// "198.18.0.7", say.
  std::string ip() const;
  /// Plugs the network in or out; nothing else notices.
  void set_online(bool online);

  /// Absolute paths on the host's own disk.
  void write_file(const std::string& path, std::span<const std::byte> content);
  /// Throws Error{not_found}.
  std::vector<std::byte> read_file(const std::string& path) const;

  library::SimulatedMachine& machine() const { return *machine_; }

 private:
  library::SimulatedMachine* machine_;
};

/// Machines and the net between them, on one virtual clock: nodes in it are the very nodes that run
/// in the real world, and so are the coroutines of their users. Hours pass in moments, and a
/// failure comes back with its seed.
///
/// Everything in it happens on the thread that calls run, run_for, Node::run, Job::wait and the
/// like, while they run; a simulation and its nodes belong to one thread. Nodes are destroyed
/// before it. Coroutines should take time from shoal::sleep_for and Node::now, and no order from
/// addresses of memory, or the same seed will not give the same run.
class Simulation {
 public:
  explicit Simulation(SimulationOptions options = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  SimulatedHost add_host(HostOptions options = {});

  /// Nothing passes between the two groups any more, until heal().
  void partition(const std::vector<SimulatedHost>& one, const std::vector<SimulatedHost>& other);
  void heal();

  /// Lets time pass.
  void run_for(std::chrono::nanoseconds time);
  /// Runs a coroutine of its own, which may await functions of every node, to its end: its result,
  /// or what left it. Throws Error{failed} when it waits for what nobody will do.
  template <class T>
  T run(Async<T> work) {
    std::optional<T> result;
    run(detail::keep(std::move(work), result));
    return std::move(*result);
  }
  void run(Async<void> work);

  /// Since the beginning.
  std::chrono::nanoseconds now() const;
  /// Over everything that has happened.
  std::uint64_t trace_hash() const;

  library::SimulatedWorld& world() const { return *world_; }

 private:
  std::unique_ptr<library::SimulatedWorld> world_;
};

}  // namespace shoal
