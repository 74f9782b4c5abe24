#include "lab/survive_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lab/crowd.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kSurviveLimit = 2min;
constexpr std::size_t kUsersAfter = 4;
/// Of all nodes, how many have the file when the killing begins, the first among them.
constexpr std::size_t kHolderShare = 3;

enum class Killed { nobody, any, half, first };
constexpr std::array kKilled = {Killed::nobody, Killed::any, Killed::half, Killed::first};
constexpr std::array kKilledNames = {"nobody", "any one", "half", "the first"};

struct Survived {
  double got = 0;     // of those who want the file and are there
  double joined = 0;  // of newcomers: whether they join and get it, too
  std::uint64_t trace_hash = 0;
};

/// One network, one killing.
class Survival {
 public:
  Survival(const ExperimentOptions& options, bool one_server)
      : crowd_(options.seed, {.up_bytes = options.up,
                              .file_bytes = static_cast<std::size_t>(options.file_bytes)}),
        one_server_(one_server) {
    for (std::size_t i = 0; i < options.nodes; ++i) crowd_.add();
    crowd_.world().run_for(20s);
    cid_ = crowd_.share(crowd_[0]);
    const std::size_t holders =
        one_server ? 1 : std::max<std::size_t>(2, options.nodes / kHolderShare);
    for (std::size_t i = 1; i < holders; ++i) holders_.push_back(i);
    crowd_.get_all(holders_, *cid_, {}, true, kSurviveLimit);
    if (one_server) crowd_.keep_apart(1, crowd_.size());
  }

  Survived run(Killed killed) {
    kill(killed);
    crowd_.world().run_for(10s);
    Survived out;
    std::vector<std::size_t> users;
    for (std::size_t i = crowd_.size(); i-- > 1 && users.size() < kUsersAfter;) {
      const bool has = std::ranges::find(holders_, i) != holders_.end();
      if (crowd_[i].running() && !has) users.push_back(i);
    }
    const std::vector<Multiaddr> providers = known_providers();
    const auto got = crowd_.get_all(users, *cid_, providers, true, kSurviveLimit);
    out.got = static_cast<double>(got.size()) / static_cast<double>(users.size());
    out.joined = join(providers) ? 1 : 0;
    out.trace_hash = crowd_.world().trace_hash();
    return out;
  }

 private:
  /// Those who use a server know that one; those of a network ask it.
  std::vector<Multiaddr> known_providers() {
    if (!one_server_ || !crowd_[0].running()) return {};
    return {crowd_[0].address()};
  }

  void kill(Killed killed) {
    const std::size_t all = crowd_.size();
    if (killed == Killed::any) crowd_[1 + crowd_.random().below(all - 1)].crash();
    if (killed == Killed::first) crowd_[0].crash();
    if (killed != Killed::half) return;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all; ++i) order.push_back(i);
    for (std::size_t i = 0; i < all / 2; ++i) {
      std::swap(order[i], order[i + crowd_.random().below(all - i)]);
      crowd_[order[i]].crash();
    }
  }

  /// By the first node that is left: of a server's users, none can let others in.
  bool join(const std::vector<Multiaddr>& providers) {
    if (one_server_ && !crowd_[0].running()) return false;
    crowd_.add();
    crowd_.world().run_for(10s);
    const std::size_t newcomer = crowd_.size() - 1;
    return crowd_.get_all({newcomer}, *cid_, providers, true, kSurviveLimit).size() == 1;
  }

  Crowd crowd_;
  const bool one_server_;
  std::optional<Cid> cid_;
  std::vector<std::size_t> holders_;
};

}  // namespace

Report run_survive(const ExperimentOptions& options) {
  Report report;
  BarChart::Bars network_gets{.name = "network: those who are left get the file", .values = {}};
  BarChart::Bars network_joins{.name = "network: a newcomer joins and gets it", .values = {}};
  BarChart::Bars server_gets{.name = "one server: its users get the file", .values = {}};
  double worst = 1;
  double server_without = 1;
  for (std::size_t i = 0; i < kKilled.size(); ++i) {
    const Survived network = Survival(options, false).run(kKilled[i]);
    const Survived server = Survival(options, true).run(kKilled[i]);
    report.trace_hash = (report.trace_hash * 31 + network.trace_hash) * 31 + server.trace_hash;
    network_gets.values.push_back(100 * network.got);
    network_joins.values.push_back(100 * network.joined);
    server_gets.values.push_back(100 * server.got);
    worst = std::min({worst, network.got, network.joined});
    const std::string name = i == 0   ? "nobody_killed"
                             : i == 1 ? "any_killed"
                             : i == 2 ? "half_killed"
                                      : "first_killed";
    report.add("network_gets_" + name, 100 * network.got, "%");
    report.add("newcomer_gets_" + name, 100 * network.joined, "%");
    report.add("server_gets_" + name, 100 * server.got, "%");
    if (kKilled[i] == Killed::first) server_without = server.got;
  }
  report.claim = fmt::format(
      "Of {} nodes any one, half, or the first were killed: at worst {} % of those left still got "
      "the file, newcomers among them. Without its one server, {} % did.",
      options.nodes, number_text(100 * worst), number_text(100 * server_without));
  report.held = worst >= 0.99 && server_without == 0;
  BarChart chart{.title = "What still works",
                 .y_label = "percent",
                 .groups = {},
                 .series = {network_gets, network_joins, server_gets},
                 .to = 112};
  for (const char* name : kKilledNames) chart.groups.emplace_back(name);
  report.sections = {
      {.heading = "Killed without a word",
       .svg = to_svg(chart),
       .text =
           "A third of all nodes have the file, and every node keeps records of who has what. "
           "In the other network only the first has it, and all ask there: it is one of the half "
           "that is killed, or not, by chance."}};
  return report;
}

}  // namespace shoal::lab
