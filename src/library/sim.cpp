#include <shoal/sim.h>
#include <sqlite3.h>

#include <utility>

#include "library/bridge.h"
#include "library/simulated_loop.h"
#include "library/simulated_world.h"

namespace shoal {

namespace library {

SimulatedWorld::SimulatedWorld(const SimulationOptions& options)
    : world({.name = "simulation",
             .seed = options.seed,
             .path = {.latency = {}},  // all of it is the hosts' own
             .step_limit = 2'000'000'000,
             .instant_step_limit = 20'000'000,
             .wall_start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}}),
      start(world.now()) {
  // Many homes in one process: no index takes 20 pages before it needs them. In vain where SQLite
  // is in use already.
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
}

SimulatedHost SimulatedWorld::add_host(sim::HostOptions options) {
  sim::Host& host = world.add_host(std::move(options));
  return SimulatedHost(machines.emplace_back(*this, host));
}

namespace {

class SimulatedLoop final : public Loop {
 public:
  explicit SimulatedLoop(SimulatedMachine& machine)
      : world_(machine.world), system_(machine.host.system()) {}

  System& system() override { return system_; }
  bool inside() const override { return world_.passing; }
  bool on_thread() const override { return true; }
  bool post(Step step) override {
    if (ended_) return false;
    world_.world.after(Duration(0), std::move(step));
    return true;
  }
  void block_until(const std::atomic<bool>& flag) override {
    world_.pass([&] { world_.world.run_while_not([&flag] { return flag.load(); }); });
  }
  Task<int> wait_for_signal() override {
    throw Error(ErrorCode::unsupported, "there are no signals in a simulation");
    co_return 0;
  }
  bool is_simulated() const override { return true; }
  std::string temporary_folder() const override { return "/tmp"; }
  void end() override { ended_ = true; }

 private:
  SimulatedWorld& world_;
  System& system_;
  bool ended_ = false;
};

ByteView own_view(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

std::shared_ptr<Loop> make_simulated_loop(SimulatedMachine& machine) {
  return std::make_shared<SimulatedLoop>(machine);
}

}  // namespace library

const std::string& SimulatedHost::name() const {
  return machine_->host.name();
}

std::string SimulatedHost::ip() const {
  return machine_->host.address().to_string();
}

void SimulatedHost::set_online(bool online) {
  machine_->host.set_online(online);
}

void SimulatedHost::write_file(const std::string& path, std::span<const std::byte> content) {
  machine_->host.disk().put(path, sim::Content::of(to_bytes(library::own_view(content))));
}

std::vector<std::byte> SimulatedHost::read_file(const std::string& path) const {
  const sim::Content& content = machine_->host.disk().content(path);
  Bytes bytes(content.size());
  content.read(0, bytes);
  const auto whole = std::as_bytes(std::span(bytes));
  return {whole.begin(), whole.end()};
}

Simulation::Simulation(SimulationOptions options)
    : world_(std::make_unique<library::SimulatedWorld>(options)) {
  const SimulatedHost director = add_host({.name = "director"});
  world_->loop = library::make_simulated_loop(director.machine());
}

Simulation::~Simulation() = default;

SimulatedHost Simulation::add_host(HostOptions options) {
  sim::HostOptions own;
  own.name = options.name;
  own.up = options.up;
  own.down = options.down;
  own.place = {.delay = options.delay, .loss = options.loss};
  return world_->add_host(std::move(own));
}

void Simulation::partition(const std::vector<SimulatedHost>& one,
                           const std::vector<SimulatedHost>& other) {
  const auto own = [](const std::vector<SimulatedHost>& hosts) {
    std::vector<sim::Host*> out;
    for (const SimulatedHost& host : hosts) out.push_back(&host.machine().host);
    return out;
  };
  world_->world.partition(own(one), own(other));
}

void Simulation::heal() {
  world_->world.heal();
}

void Simulation::run_for(std::chrono::nanoseconds time) {
  world_->pass([&] { world_->world.run_for(time); });
}

void Simulation::run(Async<void> work) {
  Task<void> task = library::run_async(*world_->loop, std::move(work));
  world_->pass([&] {
    try {
      world_->world.run(std::move(task));
    } catch (const boost::system::system_error& error) {
      if (is_cancelled(error)) throw Cancelled();
      throw;
    }
  });
}

std::chrono::nanoseconds Simulation::now() const {
  return world_->world.now() - world_->start;
}

std::uint64_t Simulation::trace_hash() const {
  return world_->world.trace_hash();
}

}  // namespace shoal
