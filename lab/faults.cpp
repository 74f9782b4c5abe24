#include "lab/faults.h"

#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "base/error.h"
#include "content/partial_name.h"
#include "lab/simulated_node.h"
#include "system/sim/random.h"

namespace shoal::lab {

namespace {

constexpr std::uint16_t kFaultsPort = 4001;
constexpr Duration kFaultsTroubleEnds = 20s;
constexpr Duration kFaultsTimeLimit = 10min;
constexpr Duration kLook = 500ms;
constexpr std::size_t kMaxStreams = 256;
/// A file older than this is taken for unchanged when it looks so, which is how a sharer can lie.
constexpr Duration kGrowOld = 5s;
constexpr const char* kLarge = "large.bin";

/// How often a point fires at most: where many things pass, seldom.
struct FaultPoint {
  const char* name;
  double chance;
};
constexpr std::array kPoints = {
    FaultPoint{"bitswap.answer_late", 0.1}, FaultPoint{"bitswap.lose_answer", 0.15},
    FaultPoint{"bitswap.lose_wants", 0.15}, FaultPoint{"index.commit", 0.2},
    FaultPoint{"net.accept_stream", 0.15},  FaultPoint{"net.handshake", 0.4},
    FaultPoint{"net.open_stream", 0.2},     FaultPoint{"network.accept", 0.5},
    FaultPoint{"network.connect", 0.5},     FaultPoint{"network.listen", 0.4},
    FaultPoint{"offload.late", 0.05},       FaultPoint{"resolver.answer", 0.5},
    FaultPoint{"storage.full", 0.02},       FaultPoint{"storage.info", 0.01},
    FaultPoint{"storage.list", 0.3},        FaultPoint{"storage.lock", 0.3},
    FaultPoint{"storage.make_folder", 0.2}, FaultPoint{"storage.open", 0.04},
    FaultPoint{"storage.read", 0.03},       FaultPoint{"storage.remove", 0.4},
    FaultPoint{"storage.rename", 0.4},      FaultPoint{"storage.sync", 0.2},
    FaultPoint{"storage.write", 0.02},      FaultPoint{"stream.read", 0.003},
    FaultPoint{"stream.short_read", 0.05},  FaultPoint{"stream.write", 0.004},
};
// Of the seeds, how many a point fires in at all.
constexpr double kPointIsUsed = 0.35;

/// What a seed makes of the scenario.
struct Draw {
  explicit Draw(sim::SeededRandom& random)
      : sharers(1 + random.below(3)),
        receivers(1 + random.below(3)),
        followers(random.below(3)),
        small_files(random.below(12)),
        large_bytes(100'000 + random.below(2'000'000)),
        latency(Duration(std::chrono::milliseconds(2 + random.below(60)))),
        loss(random.happens(0.3) ? 0.01 : 0),
        rate(150'000 + random.below(2'500'000)),
        crashes(random.below(5)),
        partitions(random.below(3)) {}

  std::size_t sharers;
  std::size_t receivers;
  std::size_t followers;  // receivers that know only another receiver
  std::size_t small_files;
  std::size_t large_bytes;
  Duration latency;
  double loss;
  std::uint64_t rate;
  std::uint64_t crashes;
  std::uint64_t partitions;
};

sim::WorldOptions options_for(std::uint64_t seed, const Draw& draw) {
  sim::WorldOptions out;
  out.name = "faults";
  out.seed = seed;
  out.path.latency = draw.latency;
  out.path.jitter = draw.latency / 10;
  out.path.loss = draw.loss;
  return out;
}

/// One world of the scenario, from its making to its verdict.
class Faulty {
 public:
  explicit Faulty(const RunOptions& options)
      : random_(options.seed, 0x1abfa),
        draw_(random_),
        world_(options_for(options.seed, draw_)),
        tree_(sample_tree(options.seed, draw_.small_files, draw_.large_bytes)) {
    if (options.packets) world_.write_packets_to(options.packets);
    const std::size_t count = draw_.sharers + draw_.receivers + draw_.followers;
    for (std::size_t i = 0; i < count; ++i) {
      sim::HostOptions host;
      host.up = host.down = draw_.rate;
      users_.emplace_back(world_, world_.add_host(host), kFaultsPort);
      world_.names().set_addresses(name_of(i), {users_[i].host().address()});
    }
  }

  Outcome run() {
    Outcome out;
    try {
      begin_faults();
      share();
      plan_trouble();
      plan_receivers();
      look_again();
      world_.run_for(kFaultsTroubleEnds);
      end_faults();
      const TimePoint give_up_at = world_.now() + kFaultsTimeLimit;
      const TimePoint ended_at = world_.now();
      world_.run_while_not(
          [&] { return !failure_.empty() || all_done() || world_.now() > give_up_at; });
      if (failure_.empty()) failure_ = verdict();
      out.summary = summary(world_.now() - ended_at);
    } catch (const Error& error) {
      failure_ = error.what();
    }
    stopped_ = true;
    for (SimulatedUser& user : users_) user.stop();
    for (const auto& [name, point] : world_.faults().points()) out.faults[name] = point.fired;
    out.failure = failure_;
    out.trace_hash = world_.trace_hash();
    return out;
  }

 private:
  static std::string name_of(std::size_t user) { return "user-" + std::to_string(user) + ".test"; }

  void begin_faults() {
    for (const FaultPoint& point : kPoints) {
      const bool used = random_.happens(kPointIsUsed);
      const double part = static_cast<double>(1 + random_.below(10)) / 10;
      world_.faults().set(point.name, used ? part * point.chance : 0);
    }
  }

  void end_faults() {
    for (const FaultPoint& point : kPoints) world_.faults().set(point.name, 0);
    world_.heal();
  }

  /// The first is honest. The others may change a byte of what they shared, and hide it.
  void share() {
    for (std::size_t i = 0; i < draw_.sharers; ++i) {
      for (const SampleFile& file : tree_) {
        users_[i].host().disk().put("/data/" + file.path, sim::Content::of(file.content));
      }
    }
    world_.run_for(kGrowOld);
    for (std::size_t i = 0; i < draw_.sharers; ++i) users_[i].share("/data");
    const auto ready = [this] {
      return std::all_of(users_.begin(), first_receiver(),
                         [](const SimulatedUser& user) { return !user.link().empty(); });
    };
    const TimePoint patience = world_.now() + kFaultsTroubleEnds;
    world_.run_while_not([&] { return ready() || world_.now() > patience; });
    if (!ready()) end_faults();
    world_.run_while_not(ready);
    link_ = service::Link::parse(users_[0].link());
    link_.filename = "copy";
    link_.providers.clear();
    for (std::size_t i = 0; i < draw_.sharers; ++i) {
      const service::Link own = service::Link::parse(users_[i].link());
      const PeerId peer = *own.providers.front().peer();
      link_.providers.push_back(address_of(i, own, peer));
      if (i == 0 || random_.happens(0.5)) continue;
      users_[i].host().disk().rot(std::string("/data/") + kLarge, random_.below(draw_.large_bytes));
      liars_.insert(peer);
    }
  }

  /// Some are known by a name.
  Multiaddr address_of(std::size_t user, const service::Link& own, const PeerId& peer) {
    if (random_.happens(0.5)) return own.providers.front();
    return Multiaddr::parse("/dns4/" + name_of(user) + "/tcp/" + std::to_string(kFaultsPort) +
                            "/p2p/" + peer.to_string());
  }

  std::deque<SimulatedUser>::iterator first_receiver() {
    return users_.begin() + static_cast<std::ptrdiff_t>(draw_.sharers);
  }

  Duration soon() {
    return Duration(random_.below(static_cast<std::uint64_t>(kFaultsTroubleEnds.count())));
  }

  void plan_trouble() {
    for (std::uint64_t i = 0; i < draw_.crashes; ++i) {
      const auto victim = static_cast<std::size_t>(random_.below(users_.size()));
      const Duration pause = 200ms + Duration(random_.below(5'000'000'000));
      world_.after(soon(), [this, victim, pause] { users_[victim].crash_and_return(pause); });
    }
    for (std::uint64_t i = 0; i < draw_.partitions; ++i) {
      const Duration when = soon();
      world_.after(when, [this] { split(); });
      world_.after(when + soon(), [this] { world_.heal(); });
    }
  }

  void split() {
    if (stopped_) return;
    std::vector<sim::Host*> one, other;
    for (SimulatedUser& user : users_)
      (random_.below(2) == 0 ? one : other).push_back(&user.host());
    world_.partition(one, other);
  }

  void plan_receivers() {
    for (std::size_t i = 0; i < draw_.receivers; ++i) {
      SimulatedUser& user = users_[draw_.sharers + i];
      const Duration when = Duration(random_.below(3'000'000'000));
      world_.after(when, [this, &user] { user.get(link_.to_string(), "/"); });
    }
    for (std::size_t i = 0; i < draw_.followers; ++i) {
      follow(draw_.sharers + draw_.receivers + i,
             draw_.sharers + static_cast<std::size_t>(random_.below(draw_.receivers + i)));
    }
  }

  /// Begins as soon as the one before can be got from, and knows nobody else.
  void follow(std::size_t follower, std::size_t leader) {
    if (stopped_) return;
    if (users_[leader].link().empty()) {
      world_.after(kLook, [this, follower, leader] { follow(follower, leader); });
      return;
    }
    service::Link link = service::Link::parse(users_[leader].link());
    link.filename = "copy";
    users_[follower].get(link.to_string(), "/");
  }

  void look_again() {
    if (stopped_ || !failure_.empty()) return;
    failure_ = broken_promise();
    world_.after(kLook, [this] { look_again(); });
  }

  /// What must hold at any time.
  std::string broken_promise() {
    const std::string partial = "/" + content::partial_name("copy", link_.cid);
    for (auto user = first_receiver(); user != users_.end(); ++user) {
      sim::Host& host = user->host();
      if (is_there(host, "/copy")) {
        const std::string wrong = difference(host, "/copy", tree_);
        if (!wrong.empty()) return "under its final name " + wrong;
      }
      const std::uint64_t claimed = user->bytes_claimed();
      const std::uint64_t right =
          std::max(right_bytes(host, partial, tree_), right_bytes(host, "/copy", tree_));
      if (claimed > right) {
        return host.name() + " says that it has " + std::to_string(claimed) + " bytes, and has " +
               std::to_string(right);
      }
      for (const content::BadPeer& bad : user->accused()) {
        if (!liars_.contains(bad.peer)) return bad.peer.to_string() + " was accused: " + bad.reason;
        if (!bad.cid) return "nobody knows what " + bad.peer.to_string() + " lied about";
      }
    }
    for (SimulatedUser& user : users_) {
      if (user.host().stream_count() > kMaxStreams) return user.host().name() + " has many streams";
    }
    return "";
  }

  bool all_done() {
    return std::all_of(first_receiver(), users_.end(),
                       [](const SimulatedUser& user) { return user.done(); });
  }

  std::string verdict() {
    for (auto user = first_receiver(); user != users_.end(); ++user) {
      if (!user->done()) {
        return user->host().name() + " never finished; its last error: " + user->last_error();
      }
      const std::string wrong = difference(user->host(), "/copy", tree_);
      if (!wrong.empty()) return wrong;
      if (!gives_only_what_is_right(*user)) return user->host().name() + " would give wrong bytes";
    }
    return broken_promise();
  }

  /// Of what its store holds of the tree. Sharers may have a disk that rots, receivers not.
  bool gives_only_what_is_right(SimulatedUser& user) {
    if (user.node() == nullptr) return true;
    for (const SampleFile& file : tree_) {
      const ByteView all(file.content);
      for (std::size_t at = 0; at < all.size(); at += kLeafBytes) {
        const ByteView leaf = all.subspan(at, std::min(kLeafBytes, all.size() - at));
        const auto held = world_.run(user.node()->store().get(Multihash::sha2_256(leaf)));
        if (held && !equal(held->view(), leaf)) return false;
      }
    }
    return true;
  }

  std::string summary(Duration rest) {
    std::size_t accused = 0;
    unsigned crashes = 0;
    for (const SimulatedUser& user : users_) {
      accused += user.accused().size();
      crashes += user.crashes();
    }
    std::uint64_t fired = 0;
    for (const auto& [name, point] : world_.faults().points()) fired += point.fired;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest).count();
    return std::to_string(users_.size()) + " nodes, " + std::to_string(fired) + " faults, " +
           std::to_string(crashes) + " crashes, " + std::to_string(accused) +
           " lies told; all done " + std::to_string(seconds) + " s after";
  }

  sim::SeededRandom random_;
  const Draw draw_;
  sim::World world_;
  const std::vector<SampleFile> tree_;
  std::deque<SimulatedUser> users_;
  service::Link link_{.cid = Cid::v1(Codec::raw, Multihash::sha2_256({})),
                      .path = {},
                      .filename = {},
                      .providers = {}};
  std::set<PeerId> liars_;
  std::string failure_;
  bool stopped_ = false;
};

}  // namespace

Outcome run_faults(const RunOptions& options) {
  Faulty faulty(options);
  return faulty.run();
}

}  // namespace shoal::lab
