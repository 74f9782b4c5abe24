// One sharer and many receivers in a simulated world, for bench/swarm --simulated: prints when they
// were done, and what that took, as a JSON object.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <exception>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "node/node.h"
#include "service/get.h"
#include "service/share.h"
#include "system/sim/content.h"
#include "system/sim/random.h"
#include "system/sim/world.h"
#include "system/task_group.h"

namespace shoal {
namespace {

constexpr std::uint16_t kPort = 4001;
constexpr Duration kLimit = 2h;
constexpr Duration kLook = 100ms;
/// How long one that left under --churn stays away.
constexpr Duration kAway = 10s;

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t receivers = 100;
  std::uint32_t blocks = 256;
  std::uint64_t block_bytes = 256 * 1024;
  std::uint64_t up = 4'000'000;
  std::uint32_t latency_ms = 10;  // one way
  bool line = false;              // the line is what limits, not the node
  double leave_after = 0;         // copies that the source sends before it leaves; 0: it stays
  double churn_percent = 0;       // of the receivers that leave in each minute, and come back
  std::uint32_t late = 0;         // receivers that join when half of the least time has passed
  std::uint32_t slow = 0;         // receivers with a tenth of the upload and download
  double timeline = 0;            // seconds between the lines about every upload; 0: none
};

/// A receiver, from its start to its end, with what it had to begin anew.
struct Receiver {
  explicit Receiver(sim::Host& its_host) : host(its_host) {}

  sim::Host& host;
  std::unique_ptr<node::Node> node;
  std::unique_ptr<service::Get> get;
  std::unique_ptr<service::Share> share;
  std::unique_ptr<TaskGroup> life;
  std::optional<TimePoint> began;
  std::optional<TimePoint> done;
  TimePoint left{};  // the command ended: until then it went on serving
  std::optional<TimePoint> back_at;
  std::uint64_t from_source = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t sources = 0;
  std::uint64_t sent = 0;  // bytes of blocks
  std::uint64_t sent_before = 0;
  std::optional<Subscription> counting;
};

struct Figures {
  double bound = 0;
  double last = 0;
  double mean = 0;
  double left_last = 0;  // of those that are neither late nor slow
  double late_last = 0;  // from its own start
  double slow_last = 0;
  double copies = 0;   // that the source sent
  double sources = 0;  // of a receiver, on average
  std::uint64_t duplicate = 0;
  std::uint32_t unfinished = 0;
  double cpu_seconds = 0;
  std::uint64_t steps = 0;
  std::uint64_t trace_hash = 0;
};

double seconds_of(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class Swarm {
 public:
  explicit Swarm(const Options& options)
      : options_(options),
        world_({.name = "swarm",
                .seed = options.seed,
                .path = {.latency = std::chrono::milliseconds(options.latency_ms)}}),
        random_(options.seed, 7) {}

  ~Swarm() {
    for (Receiver& receiver : receivers_) end(receiver);
    end_source();
  }

  Figures measure() {
    start_source();
    for (std::uint32_t i = 0; i < options_.receivers; ++i) add_receiver(i);
    world_.run_for(1s);
    const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    began_ = shown_ = world_.now();
    const double least = file_bytes() / static_cast<double>(options_.up);
    const auto half =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(least / 2));
    for (std::uint32_t i = 0; i < options_.receivers; ++i) {
      begin(receivers_[i], is_late(i) ? half : Duration::zero());
    }
    run();
    Figures out = figures();
    out.cpu_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC - cpu;
    out.steps = world_.step_count();
    out.trace_hash = world_.trace_hash();
    return out;
  }

 private:
  bool is_late(std::uint32_t i) const { return i < options_.late; }
  bool is_slow(std::uint32_t i) const { return i >= options_.receivers - options_.slow; }

  sim::Host& add_host(bool slow) {
    sim::HostOptions host;
    if (options_.line || slow) {
      host.up = slow ? options_.up / 10 : options_.up;
      host.down = slow ? options_.up / 10 : 10 * options_.up;
      host.queue_bytes = host.up / 2;
    }
    return world_.add_host(host);
  }

  std::unique_ptr<node::Node> make_node(sim::Host& host) {
    node::Config config{.home = "/home",
                        .listen = {Multiaddr::tcp({host.address(), kPort})},
                        .connect = {},
                        .agent = "shoal/bench",
                        .ephemeral = true};
    if (!options_.line) config.up = options_.up;
    auto node = std::make_unique<node::Node>(host.system(), std::move(config));
    node->start();
    return node;
  }

  void start_source() {
    sim::Host& host = add_host(false);
    const Bytes content = random_.bytes(options_.blocks * options_.block_bytes);
    host.disk().put("/file", sim::Content::of(content));
    source_ = make_node(host);
    share_ = std::make_unique<service::Share>(source_->context(), source_->done_listener());
    content::ImportOptions how;
    how.profile.chunk_bytes = options_.block_bytes;
    root_ = world_.run(share_->index({"/file"}, how)).root;
    share_->announce([](const routing::Provided&) {});
    counting_ = count_sent(*source_, source_sent_);
    source_id_ = source_->id();
    source_address_ = source_->addresses().front();
  }

  static Subscription count_sent(node::Node& node, std::uint64_t& sum) {
    return node.context().bitswap.when_sent(
        [&sum](const content::Sent& sent) { sum += sent.bytes; });
  }

  void end_source() {
    if (!source_) return;
    counting_.reset();
    world_.run(share_->stop());
    share_.reset();
    world_.run(source_->stop());
    source_.reset();
  }

  void add_receiver(std::uint32_t i) {
    Receiver& receiver = receivers_.emplace_back(add_host(is_slow(i)));
    receiver.node = make_node(receiver.host);
    receiver.counting = count_sent(*receiver.node, receiver.sent);
  }

  void end(Receiver& receiver) {
    receiver.counting.reset();
    if (receiver.life) world_.run(receiver.life->stop());
    receiver.life.reset();
    if (receiver.share) world_.run(receiver.share->stop());
    receiver.share.reset();
    receiver.get.reset();
    if (receiver.node) world_.run(receiver.node->stop());
    receiver.node.reset();
  }

  void begin(Receiver& receiver, Duration pause) {
    receiver.life = std::make_unique<TaskGroup>(world_.waits(), "receiver");
    receiver.life->spawn(receive(receiver, pause));
  }

  Task<void> receive(Receiver& receiver, Duration pause) {
    co_await world_.clock().sleep_for(pause);
    const TimePoint started = world_.now();  // once more after having left under --churn
    if (!receiver.began) receiver.began = started;
    service::GetOptions wish{
        .link = {.cid = *root_, .path = {}, .filename = "copy", .providers = {*source_address_}},
        .output = "/",
        .replace = false,
        .timeout = std::nullopt};
    receiver.get = std::make_unique<service::Get>(receiver.node->context(), std::move(wish));
    const service::GetResult result = co_await receiver.get->run();
    receiver.done = started + result.duration;
    receiver.left = world_.now();
    receiver.duplicate += result.blocks_duplicate;
    receiver.sources = result.sources.size();
    receiver.share =
        std::make_unique<service::Share>(receiver.node->context(), receiver.node->done_listener());
    co_await receiver.share->adopt(*root_);
  }

  /// Those whose turn it is leave in the middle of it, and others come back with what they had.
  void churn() {
    if (options_.churn_percent == 0) return;
    const double each = 60 / (options_.receivers * options_.churn_percent / 100);
    while (seconds_of(world_.now() - began_) > each * static_cast<double>(left_ + 1)) {
      ++left_;
      Receiver& victim = receivers_[static_cast<std::size_t>(random_.below(options_.receivers))];
      if (victim.done || victim.back_at) continue;
      victim.from_source = sent_to(victim);
      end(victim);
      victim.back_at = world_.now() + kAway;
    }
    for (Receiver& receiver : receivers_) {
      if (!receiver.back_at || world_.now() < *receiver.back_at) continue;
      receiver.back_at.reset();
      receiver.node = make_node(receiver.host);
      receiver.counting = count_sent(*receiver.node, receiver.sent);
      begin(receiver, Duration::zero());
    }
  }

  std::uint64_t sent_to(const Receiver& receiver) const {
    std::uint64_t out = receiver.from_source;
    if (!receiver.get) return out;
    for (const auto& from : receiver.get->fetched().sources) {
      if (from.peer == source_id_) out += from.bytes;
    }
    return out;
  }

  bool all_done() const {
    return std::ranges::all_of(receivers_,
                               [](const Receiver& one) { return one.done.has_value(); });
  }

  std::uint64_t sent_by_source() const {
    std::uint64_t out = 0;
    for (const Receiver& receiver : receivers_) out += sent_to(receiver);
    return out;
  }

  double file_bytes() const {
    return static_cast<double>(options_.blocks) * static_cast<double>(options_.block_bytes);
  }

  void run() {
    while (!all_done() && world_.now() < began_ + kLimit) {
      world_.run_for(kLook);
      churn();
      show_uploads();
      const double sent = static_cast<double>(sent_by_source()) / file_bytes();
      if (options_.leave_after > 0 && source_ && sent >= options_.leave_after) end_source();
    }
  }

  /// How much of each upload was used since the last line, in percent: the source, the mean of the
  /// receivers, then each of them. What is being sent counts once it has been sent.
  void show_uploads() {
    if (options_.timeline <= 0 || seconds_of(world_.now() - shown_) < options_.timeline) return;
    const double most = seconds_of(world_.now() - shown_) * static_cast<double>(options_.up) / 100;
    shown_ = world_.now();
    double sum = 0;
    std::string each;
    for (Receiver& one : receivers_) {
      const double used =
          static_cast<double>(one.sent - std::exchange(one.sent_before, one.sent)) / most;
      sum += used;
      each += fmt::format(" {:.0f}{}", used, one.done ? "." : "");
    }
    const double source =
        static_cast<double>(source_sent_ - std::exchange(source_before_, source_sent_)) / most;
    fmt::print(stderr, "{:6.1f} s: source {:4.0f} %, receivers {:4.0f} %:{}\n",
               seconds_of(shown_ - began_), source, sum / options_.receivers, each);
  }

  Figures figures() const {
    Figures out;
    const double receivers = options_.receivers;
    out.bound = file_bytes() / static_cast<double>(options_.up) *
                (1 + std::floor(std::log2(receivers)) / options_.blocks);
    std::size_t done = 0;
    for (std::uint32_t i = 0; i < options_.receivers; ++i) {
      const Receiver& one = receivers_[i];
      out.duplicate += one.duplicate;
      out.sources += static_cast<double>(one.sources) / receivers;
      if (!one.done) {
        ++out.unfinished;
        continue;
      }
      const double took = seconds_of(*one.done - *one.began);
      if (is_slow(i)) {
        out.slow_last = std::max(out.slow_last, took);
      } else if (is_late(i)) {
        out.late_last = std::max(out.late_last, took);
      } else {
        out.last = std::max(out.last, took);
        out.left_last = std::max(out.left_last, seconds_of(one.left - *one.began));
        out.mean += took;
        ++done;
      }
    }
    if (done > 0) out.mean /= static_cast<double>(done);
    out.copies = static_cast<double>(sent_by_source()) / file_bytes();
    return out;
  }

  const Options options_;
  sim::World world_;
  sim::SeededRandom random_;
  std::unique_ptr<node::Node> source_;
  std::unique_ptr<service::Share> share_;
  std::optional<Cid> root_;
  std::optional<PeerId> source_id_;
  std::optional<Multiaddr> source_address_;
  std::deque<Receiver> receivers_;
  std::optional<Subscription> counting_;
  std::uint64_t source_sent_ = 0;
  std::uint64_t source_before_ = 0;
  TimePoint shown_{};
  std::uint64_t left_ = 0;  // under churn
  TimePoint began_{};
};

Options parse(int count, char** words) {
  Options out;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] { return i + 1 < count ? std::strtod(words[++i], nullptr) : 0; };
    const auto whole = [&] { return static_cast<std::uint32_t>(number()); };
    if (word == "--seed") {
      out.seed = whole();
    } else if (word == "--receivers") {
      out.receivers = whole();
    } else if (word == "--blocks") {
      out.blocks = whole();
    } else if (word == "--block-bytes") {
      out.block_bytes = whole();
    } else if (word == "--up") {
      out.up = whole();
    } else if (word == "--latency-ms") {
      out.latency_ms = whole();
    } else if (word == "--line") {
      out.line = true;
    } else if (word == "--leave-after") {
      out.leave_after = number();
    } else if (word == "--churn") {
      out.churn_percent = number();
    } else if (word == "--late") {
      out.late = whole();
    } else if (word == "--slow") {
      out.slow = whole();
    } else if (word == "--timeline") {
      out.timeline = number();
    } else {
      fmt::print(stderr, "bench_swarm: no option {}\n", word);
      std::exit(2);
    }
  }
  return out;
}

void print(const Options& options, const Figures& figures) {
  fmt::print(
      R"({{"seed": {}, "receivers": {}, "bound": {:.3f}, "last": {:.3f}, "mean": {:.3f}, )"
      R"("left_last": {:.3f}, "late_last": {:.3f}, "slow_last": {:.3f}, "copies": {:.3f}, "sources": {:.1f}, )"
      R"("duplicate": {}, "unfinished": {}, "cpu_seconds": {:.2f}, "steps": {}, )"
      R"("trace_hash": "{:016x}"}})"
      "\n",
      options.seed, options.receivers, figures.bound, figures.last, figures.mean, figures.left_last,
      figures.late_last, figures.slow_last, figures.copies, figures.sources, figures.duplicate,
      figures.unfinished, figures.cpu_seconds, figures.steps, figures.trace_hash);
}

}  // namespace
}  // namespace shoal

int main(int count, char** words) {
  try {
    const shoal::Options options = shoal::parse(count, words);
    shoal::print(options, shoal::Swarm(options).measure());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_swarm: {}\n", error.what());
    return 1;
  }
}
