#include "lab/resume.h"

#include <algorithm>
#include <deque>

#include "base/error.h"
#include "content/partial_name.h"
#include "lab/simulated_node.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr int kCrashes = 20;
constexpr std::uint16_t kResumePort = 4001;
constexpr Duration kResumeTimeLimit = 1h;
// What a life of some seconds brings is a small part of the whole, and many blocks.
constexpr std::size_t kSmallFiles = 1200;
constexpr std::size_t kLargeBytes = 3 * 1024 * 1024;
constexpr std::uint64_t kRate = 250'000;
/// What had come whole and was not yet on the disk when the power went, and the interior nodes that
/// went with it.
constexpr std::uint64_t kInFlightBytes = 64 * 1024;

std::uint64_t bytes_of(const std::vector<SampleFile>& tree) {
  std::uint64_t out = 0;
  for (const SampleFile& file : tree) out += file.content.size();
  return out;
}

/// One world of the scenario, from its making to its verdict.
class Resume {
 public:
  explicit Resume(const RunOptions& options)
      : random_(options.seed, 0xc0de),
        world_(options_for(options.seed)),
        tree_(sample_tree(options.seed, kSmallFiles, kLargeBytes)) {
    if (options.packets) world_.write_packets_to(options.packets);
    sim::HostOptions host;
    host.up = host.down = kRate;
    for (int i = 0; i < 2; ++i) users_.emplace_back(world_, world_.add_host(host), kResumePort);
  }

  Outcome run() {
    Outcome out;
    try {
      begin();
      for (int i = 0; i < kCrashes; ++i) {
        world_.run_for(1s + Duration(random_.below(7'000'000'000)));
        lose_power();
      }
      const TimePoint give_up_at = world_.now() + kResumeTimeLimit;
      world_.run_while_not([&] { return getter().done() || world_.now() > give_up_at; });
      out.summary = summary();
      out.failure = verdict();
    } catch (const Error& error) {
      out.failure = error.what();
    }
    for (SimulatedUser& user : users_) user.stop();
    out.trace_hash = world_.trace_hash();
    return out;
  }

 private:
  static sim::WorldOptions options_for(std::uint64_t seed) {
    sim::WorldOptions out;
    out.name = "resume";
    out.seed = seed;
    out.path.latency = 20ms;
    return out;
  }

  SimulatedUser& sharer() { return users_[0]; }
  SimulatedUser& getter() { return users_[1]; }

  void begin() {
    for (const SampleFile& file : tree_) {
      sharer().host().disk().put("/data/" + file.path, sim::Content::of(file.content));
    }
    sharer().share("/data");
    world_.run_while_not([this] { return !sharer().link().empty(); });
    service::Link link = service::Link::parse(sharer().link());
    link.filename = "copy";
    partial_ = "/" + content::partial_name("copy", link.cid);
    getter().get(link.to_string(), "/");
  }

  /// What lies there right, under whatever name.
  std::uint64_t held() {
    sim::Host& host = getter().host();
    return std::max(right_bytes(host, partial_, tree_), right_bytes(host, "/copy", tree_));
  }

  void lose_power() {
    const std::uint64_t before = held();
    getter().crash_and_return(500ms);
    lost_ += before - held();
  }

  std::string verdict() {
    if (!getter().done()) return "never finished; the last error: " + getter().last_error();
    const std::string wrong = difference(getter().host(), "/copy", tree_);
    if (!wrong.empty()) return wrong;
    const std::uint64_t allowed = bytes_of(tree_) + lost_ + getter().crashes() * kInFlightBytes;
    if (getter().bytes_fetched() > allowed) return "fetched again what was safe: " + summary();
    return "";
  }

  std::string summary() {
    return std::to_string(getter().bytes_fetched()) + " bytes fetched in " +
           std::to_string(getter().crashes() + 1) + " lives for " +
           std::to_string(bytes_of(tree_)) + ", of which " + std::to_string(lost_) + " were lost";
  }

  sim::SeededRandom random_;
  sim::World world_;
  const std::vector<SampleFile> tree_;
  std::deque<SimulatedUser> users_;
  std::string partial_;
  std::uint64_t lost_ = 0;  // right bytes that losses of power took
};

}  // namespace

Outcome run_resume(const RunOptions& options) {
  Resume resume(options);
  return resume.run();
}

}  // namespace shoal::lab
