#include "lab/distribute_run.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "lab/free_rider.h"
#include "lab/lookups.h"

namespace shoal::lab {

namespace {

constexpr Duration kDistributeLimit = 1h;
constexpr Duration kJoining = 1s;
/// Of a link.
constexpr std::size_t kMostProviders = 8;
constexpr Duration kSourceLook = 50ms;

/// One network, and the way of one file through it.
class Spreading {
 public:
  Spreading(std::uint64_t seed, const CrowdOptions& options, const Distribution& what)
      : what_(what), crowd_(seed, options), riding_(crowd_.world().waits(), "free riders") {
    const std::size_t all = 1 + what.receivers + what.free_riders + what.liars;
    for (std::size_t i = 0; i < all; ++i) crowd_.add();
    for (std::size_t i = 1; i <= what.receivers; ++i) getters_.push_back(i);
    crowd_.world().run_for(kJoining);
    for (std::size_t i = all - what.liars; i < all; ++i) crowd_.share_rotten(crowd_[i]);
    cid_ = crowd_.share(crowd_[0]);
    source_ = crowd_[0].id();
    if (!what.serving) crowd_.keep_apart(1, crowd_.size());
  }
  ~Spreading() { crowd_.world().run(riding_.stop()); }

  Distributed run() {
    const std::vector<Multiaddr> providers = providers_of_link();
    for (std::size_t i = 0; i < what_.free_riders; ++i) {
      FreeRider& one = riders_.emplace_back(crowd_[1 + what_.receivers + i], false);
      riding_.spawn(one.take(*cid_, providers));
    }
    if (what_.source_leaves > 0) watch_source();
    const std::vector<double> times =
        crowd_.get_all(getters_, *cid_, providers, what_.serving, kDistributeLimit);
    Distributed out{.what = what_};
    out.complete = times.size() == what_.receivers;
    out.last = times.empty() ? 0 : times.back();
    out.mean_time = mean(times);
    std::uint64_t sent = 0;
    for (const std::size_t one : getters_) look_at(crowd_[one], out, sent);
    if (crowd_[0].running()) {
      out.source_sent_beside = static_cast<double>(crowd_[0].node().bytes_sent() - sent) /
                               static_cast<double>(what_.receivers);
    }
    out.source_sent = static_cast<double>(sent) / static_cast<double>(crowd_.options().file_bytes);
    out.trace_hash = crowd_.world().trace_hash();
    return out;
  }

 private:
  /// Liars get themselves named, too.
  std::vector<Multiaddr> providers_of_link() {
    std::vector<Multiaddr> out = {crowd_[0].address()};
    for (std::size_t i = crowd_.size() - what_.liars; i < crowd_.size(); ++i) {
      if (out.size() < kMostProviders) out.push_back(crowd_[i].address());
    }
    return out;
  }
  void look_at(LabNode& getter, Distributed& out, std::uint64_t& sent) {
    out.complete = out.complete && crowd_.has_copy(getter);
    out.accusations += getter.accused().size();
    out.wrong_accusations += static_cast<std::size_t>(std::ranges::count_if(
        getter.accused(), [this](const content::BadPeer& bad) { return !is_liar(bad.peer); }));
    if (!getter.result()) return;
    for (const service::SourceResult& from : getter.result()->sources) {
      if (from.peer == *source_) sent += from.bytes;
    }
  }

  bool is_liar(const PeerId& peer) {
    for (std::size_t i = crowd_.size() - what_.liars; i < crowd_.size(); ++i) {
      if (crowd_[i].id() == peer) return true;
    }
    return false;
  }

  /// Counts what the source sent, and takes its power away when that is enough.
  void watch_source() {
    subscription_ = crowd_[0].node().bitswap().when_sent(
        [this](const content::Sent& sent) { bytes_of_source_ += sent.bytes; });
    look_at_source();
  }
  void look_at_source() {
    const double limit = what_.source_leaves * static_cast<double>(crowd_.options().file_bytes);
    if (static_cast<double>(bytes_of_source_) >= limit) return crowd_[0].crash();
    crowd_.world().after(kSourceLook, [this] { look_at_source(); });
  }

  const Distribution what_;
  Crowd crowd_;
  std::vector<std::size_t> getters_;
  std::optional<Cid> cid_;
  std::optional<PeerId> source_;
  std::uint64_t bytes_of_source_ = 0;
  Subscription subscription_;
  std::deque<FreeRider> riders_;
  TaskGroup riding_;
};

double once(const CrowdOptions& options) {
  return static_cast<double>(options.file_bytes) / static_cast<double>(options.up_bytes);
}

}  // namespace

Distributed distribute(std::uint64_t seed, const CrowdOptions& options, const Distribution& what) {
  return Spreading(seed, options, what).run();
}

double swarm_bound(std::size_t receivers, const CrowdOptions& options) {
  const double blocks =
      std::ceil(static_cast<double>(options.file_bytes) / static_cast<double>(options.leaf_bytes));
  return once(options) * (1 + std::floor(std::log2(static_cast<double>(receivers))) / blocks);
}

double server_bound(std::size_t receivers, const CrowdOptions& options) {
  return static_cast<double>(receivers) * once(options);
}

}  // namespace shoal::lab
