#include "lab/spread.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "lab/simulated_node.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr std::uint16_t kSpreadPort = 4001;
constexpr Duration kSpreadTroubleEnds = 40s;
constexpr Duration kSpreadTimeLimit = 30min;

/// Most seeds move little between few, over lines that are slower in proportion: a run costs what
/// all nodes say to each other, which grows as their square.
struct Load {
  std::size_t nodes;
  std::size_t small_files;
  std::size_t large_bytes;
  std::uint64_t rate;
};
constexpr Load kWhole{
    .nodes = 100, .small_files = 24, .large_bytes = 1'200'000, .rate = 12'500'000};
constexpr Load kLight{.nodes = 40, .small_files = 10, .large_bytes = 300'000, .rate = 3'500'000};
constexpr std::uint64_t kSeedsPerWhole = 4;

const Load& load_for(std::uint64_t seed) {
  return seed % kSeedsPerWhole == 1 ? kWhole : kLight;
}

/// One world of the scenario, from its making to its verdict.
class Spread {
 public:
  explicit Spread(std::uint64_t seed)
      : random_(seed, 0x5eed),
        world_(options(seed)),
        tree_(sample_tree(seed, load_for(seed).small_files, load_for(seed).large_bytes)) {
    for (std::size_t i = 0; i < load_for(seed).nodes; ++i) {
      // Spread out so that round trips lie between 20 and 150 ms.
      sim::HostOptions host;
      host.place = {.x = Duration(random_.below(45'000'000)),
                    .y = Duration(random_.below(45'000'000))};
      host.up = host.down = load_for(seed).rate;
      users_.emplace_back(world_, world_.add_host(host), kSpreadPort);
    }
  }

  void write_packets_to(std::function<void(ByteView)> sink) {
    world_.write_packets_to(std::move(sink));
  }

  Outcome run() {
    Outcome out;
    try {
      share();
      plan_trouble();
      for (std::size_t i = 1; i < users_.size(); ++i) users_[i].get(link(), "/");
      world_.run_while_not([this] { return all_done() || world_.now() > give_up_at_; });
      out.failure = verdict();
    } catch (const Error& error) {
      out.failure = error.what();
    }
    out.summary =
        "all done after " + seconds(last_done_) + ", " + std::to_string(crashes()) + " crashes";
    for (SimulatedUser& user : users_) user.stop();
    out.trace_hash = world_.trace_hash();
    return out;
  }

 private:
  static sim::WorldOptions options(std::uint64_t seed) {
    sim::WorldOptions out;
    out.name = "spread";
    out.seed = seed;
    out.path.latency = 10ms;
    out.path.jitter = 2ms;
    out.path.loss = 0.01;
    out.path.reordering = 0.01;
    return out;
  }

  void share() {
    sim::Host& source = world_.host(0);
    for (const SampleFile& file : tree_) {
      source.disk().put("/data/" + file.path, sim::Content::of(file.content));
    }
    users_[0].share("/data");
    world_.run_while_not([this] { return !users_[0].link().empty(); });
    started_at_ = world_.now();
    give_up_at_ = started_at_ + kSpreadTimeLimit;
  }

  std::string link() {
    service::Link out = service::Link::parse(users_[0].link());
    out.filename = "copy";
    return out.to_string();
  }

  /// Nodes that die and return, and partitions that heal, until kSpreadTroubleEnds.
  void plan_trouble() {
    for (int i = 0; i < 30; ++i) {
      const std::size_t victim = static_cast<std::size_t>(random_.below(users_.size()));
      const Duration when =
          Duration(random_.below(static_cast<std::uint64_t>(kSpreadTroubleEnds.count())));
      const Duration pause = 1s + Duration(random_.below(10'000'000'000));
      world_.after(when, [this, victim, pause] { users_[victim].crash_and_return(pause); });
    }
    for (int i = 0; i < 4; ++i) {
      const Duration when =
          Duration(random_.below(static_cast<std::uint64_t>(kSpreadTroubleEnds.count())));
      world_.after(when, [this] { split(); });
      world_.after(when + 5s + Duration(random_.below(10'000'000'000)), [this] { world_.heal(); });
    }
    world_.after(kSpreadTroubleEnds + 20s, [this] { world_.heal(); });
  }

  void split() {
    std::vector<sim::Host*> one, other;
    for (std::uint32_t i = 0; i < users_.size(); ++i) {
      (random_.below(2) == 0 ? one : other).push_back(&world_.host(i));
    }
    world_.partition(one, other);
  }

  bool all_done() {
    const bool done = std::all_of(users_.begin() + 1, users_.end(),
                                  [](const SimulatedUser& user) { return user.done(); });
    if (done && last_done_ == Duration::zero()) last_done_ = world_.now() - started_at_;
    return done;
  }

  std::string verdict() {
    for (std::size_t i = 1; i < users_.size(); ++i) {
      SimulatedUser& user = users_[i];
      if (!user.done()) {
        return user.host().name() + " never finished; its last error: " + user.last_error();
      }
      const std::string wrong = difference(user.host(), "/copy", tree_);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  unsigned crashes() const {
    unsigned out = 0;
    for (const SimulatedUser& user : users_) out += user.crashes();
    return out;
  }

  static std::string seconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
           " ms";
  }

  sim::SeededRandom random_;
  sim::World world_;
  const std::vector<SampleFile> tree_;
  std::deque<SimulatedUser> users_;
  TimePoint started_at_;
  TimePoint give_up_at_;
  Duration last_done_{};
};

}  // namespace

Outcome run_spread(const RunOptions& options) {
  Spread spread(options.seed);
  if (options.packets) spread.write_packets_to(options.packets);
  return spread.run();
}

}  // namespace shoal::lab
