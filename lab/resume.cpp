#include "lab/resume.h"

#include <deque>

#include "base/error.h"
#include "lab/simulated_node.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr int kCrashes = 20;
constexpr std::uint16_t kPort = 4001;
constexpr Duration kTimeLimit = 1h;
constexpr std::size_t kLargeBytes = 24 * 1024 * 1024;
constexpr std::uint64_t kRate = 1'000'000;
// Between two syncs, two seconds apart, at the rate of the line; and what came while one was under
// way.
constexpr std::uint64_t kLossPerCrashBytes = 3 * kRate;

std::uint64_t bytes_of(const std::vector<SampleFile>& tree) {
  std::uint64_t out = 0;
  for (const SampleFile& file : tree) out += file.content.size();
  return out;
}

}  // namespace

Outcome run_resume(const RunOptions& options) {
  const std::uint64_t seed = options.seed;
  sim::WorldOptions about;
  about.name = "resume";
  about.seed = seed;
  about.path.latency = 20ms;
  sim::World world(about);
  if (options.packets) world.write_packets_to(options.packets);
  sim::SeededRandom random(seed, 0xc0de);
  const auto tree = sample_tree(seed, 60, kLargeBytes);
  sim::HostOptions host;
  host.up = host.down = kRate;  // so that the whole takes long enough to be disturbed
  std::deque<SimulatedUser> users;
  users.emplace_back(world, world.add_host(host), kPort);
  users.emplace_back(world, world.add_host(host), kPort);
  SimulatedUser& sharer = users[0];
  SimulatedUser& getter = users[1];
  for (const SampleFile& file : tree) {
    sharer.host().disk().put("/data/" + file.path, sim::Content::of(file.content));
  }
  Outcome out;
  try {
    sharer.share("/data");
    world.run_while_not([&] { return !sharer.link().empty(); });
    service::Link link = service::Link::parse(sharer.link());
    link.filename = "copy";
    getter.get(link.to_string(), "/");
    for (int i = 0; i < kCrashes; ++i) {
      world.run_for(200ms + Duration(random.below(2'500'000'000)));
      getter.crash_and_return(500ms);
    }
    const TimePoint give_up_at = world.now() + kTimeLimit;
    world.run_while_not([&] { return getter.done() || world.now() > give_up_at; });
    out.failure = getter.done() ? difference(getter.host(), "/copy", tree)
                                : "never finished; the last error: " + getter.last_error();
    const std::uint64_t wanted = getter.done() ? bytes_of(tree) : 0;
    const std::uint64_t allowed = wanted + getter.crashes() * kLossPerCrashBytes;
    out.summary = std::to_string(getter.bytes_fetched()) + " bytes fetched in " +
                  std::to_string(getter.crashes() + 1) + " lives for " + std::to_string(wanted);
    if (out.failure.empty() && getter.bytes_fetched() > allowed) {
      out.failure = "fetched again what was safe: " + out.summary;
    }
  } catch (const Error& error) {
    out.failure = error.what();
  }
  for (SimulatedUser& user : users) user.stop();
  out.trace_hash = world.trace_hash();
  return out;
}

}  // namespace shoal::lab
