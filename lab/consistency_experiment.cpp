#include "lab/consistency_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "examples/kv.h"
#include "lab/library_nodes.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kBeforeCut = 20s;
constexpr Duration kAfterCut = 3min;
/// Of the cut: in each round every node writes once, both sides write one key and count in another.
constexpr std::size_t kRounds = 12;
/// Others hear of one side's count before the other side counts.
constexpr Duration kCounting = 1s;
constexpr std::string_view kOneSide = "one side";
constexpr std::string_view kOtherSide = "other side";
constexpr Duration kCountingBySides = 2 * kCounting;
constexpr std::string_view kCounter = "counter";

struct Written {
  double agreed = 0;  // seconds after the cut was mended; 0: not at all
  std::size_t own = 0;
  double own_missing = 0;  // of those, on an average node
  std::size_t shared = 0;  // values that were written to keys of both sides
  std::size_t shared_lost = 0;
  std::size_t increments = 0;
  std::size_t counted = 0;       // by the one key that all count in
  std::size_t counted_sum = 0;   // by a key for each node, added up
  bool followed = false;         // a write that knew of both sides' won
  std::vector<Point> differing;  // nodes that differ from the first, by seconds since the start
  std::uint64_t trace_hash = 0;
};

/// One network with a map, from its making to the end.
class Writing {
 public:
  Writing(const ExperimentOptions& options, bool compares)
      : round_(Duration(60s) / options.rate), nodes_(options.seed, options.nodes, {.loss = 0.01}) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) maps_.emplace_back(nodes_[i], "lab", compares);
    nodes_.world().run_for(kBeforeCut);
  }
  ~Writing() { nodes_.stop(); }

  Written run() {
    began_ = nodes_.world().now();
    const auto cut = nodes_.hosts().begin() + static_cast<std::ptrdiff_t>(nodes_.size() / 2);
    nodes_.world().partition({nodes_.hosts().begin(), cut}, {cut, nodes_.hosts().end()});
    for (std::size_t round = 0; round < kRounds; ++round) {
      write(round);
      wait(round_ - kCountingBySides);
    }
    nodes_.world().heal();
    const auto mended = nodes_.world().now();
    while (nodes_.world().now() - mended < kAfterCut) {
      wait(1s);
      if (out_.agreed == 0 && differing() == 0 && knows_all(maps_.front())) {
        out_.agreed = seconds_of(nodes_.world().now() - mended);
        break;
      }
    }
    look_at_result();
    follow();
    out_.trace_hash = nodes_.world().trace_hash();
    return out_;
  }

 private:
  void set(std::size_t node, const std::string& key, const std::string& value) {
    nodes_[node].run(maps_[node].set(key, value));
  }
  static const std::string* get(const Kv& map, std::string_view key) {
    const auto found = map.entries().find(std::string(key));
    return found == map.entries().end() ? nullptr : &found->second.value;
  }
  static std::size_t number(const std::string* text) {
    return text == nullptr ? 0 : std::stoul(*text);
  }

  void write(std::size_t round) {
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      const std::string key = fmt::format("own-{}-{}", node, round);
      set(node, key, "of its only writer");
      own_.push_back(key);
    }
    const std::string shared = fmt::format("shared-{}", round);
    set(0, shared, std::string(kOneSide));
    set(nodes_.size() - 1, shared, std::string(kOtherSide));
    shared_.push_back(shared);
    // Both sides count, each with what it sees.
    for (const std::size_t node : {round % (nodes_.size() / 2), nodes_.size() - 1}) {
      set(node, std::string(kCounter), std::to_string(number(get(maps_[node], kCounter)) + 1));
      const std::string mine = fmt::format("{}-{}", kCounter, node);
      set(node, mine, std::to_string(number(get(maps_[node], mine)) + 1));
      ++out_.increments;
      nodes_.world().run_for(kCounting);
    }
  }

  void wait(Duration duration) {
    for (Duration left = duration; left > Duration(0); left -= 1s) {
      nodes_.world().run_for(1s);
      out_.differing.push_back(
          {seconds_of(nodes_.world().now() - began_), static_cast<double>(differing())});
    }
  }

  std::size_t differing() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        maps_, [this](const Kv& map) { return map.entries() != maps_.front().entries(); }));
  }
  bool knows_all(const Kv& map) const {
    return std::ranges::all_of(own_, [&](const auto& key) { return get(map, key) != nullptr; });
  }

  bool is_anywhere(const std::string& key, std::string_view value) const {
    return std::ranges::any_of(maps_, [&](const Kv& map) {
      const std::string* found = get(map, key);
      return found != nullptr && *found == value;
    });
  }

  void look_at_result() {
    out_.own = own_.size();
    std::size_t missing = 0;
    for (const Kv& map : maps_) {
      missing += static_cast<std::size_t>(
          std::ranges::count_if(own_, [&](const auto& key) { return get(map, key) == nullptr; }));
    }
    out_.own_missing = static_cast<double>(missing) / static_cast<double>(maps_.size());
    out_.shared = 2 * shared_.size();
    for (const std::string& key : shared_) {
      out_.shared_lost += is_anywhere(key, kOneSide) ? 0 : 1;
      out_.shared_lost += is_anywhere(key, kOtherSide) ? 0 : 1;
    }
    out_.counted = number(get(maps_.front(), kCounter));
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      out_.counted_sum += number(get(maps_.front(), fmt::format("{}-{}", kCounter, node)));
    }
  }

  /// A node writes what it has seen both values of: no other may win over it.
  void follow() {
    const std::string& key = shared_.front();
    set(nodes_.size() / 2, key, "after both");
    nodes_.world().run_for(20s);
    out_.followed = std::ranges::all_of(maps_, [&](const Kv& map) {
      const std::string* value = get(map, key);
      return value != nullptr && *value == "after both";
    });
  }

  const Duration round_;
  LibraryNodes nodes_;
  std::deque<Kv> maps_;
  std::vector<std::string> own_;
  std::vector<std::string> shared_;
  std::chrono::nanoseconds began_{};
  Written out_;
};

Section agreement_section(const Written& with, const Written& without, Duration cut) {
  const LineChart chart{.title = "Nodes whose map differs from the first node's",
                        .x = {.label = "seconds after the network was cut in two"},
                        .y = {.label = "nodes", .from = 0},
                        .series = {{.name = "with comparing", .points = with.differing},
                                   {.name = "gossip alone", .points = without.differing}}};
  return {.heading = "The cut, and after it",
          .svg = to_svg(chart),
          .text = fmt::format(
              "The network is one again after {} s. Gossip brings each change once; who was not "
              "there misses it. With comparing, each node asks one other every two seconds for all "
              "that it has.",
              number_text(seconds_of(cut)))};
}

Section loss_section(const Written& with) {
  const auto row = [](std::string what, std::size_t all, std::size_t left) {
    return std::vector<std::string>{std::move(what), std::to_string(all), std::to_string(left),
                                    std::to_string(all - left)};
  };
  return {.heading = "What last writer wins loses",
          .text =
              "Of two writes that do not know of each other one is dropped, everywhere the "
              "same one. That is right for a value that replaces another, and wrong for a sum. "
              "What adds up has to be written so that no two write the same key.",
          .table = {.headings = {"", "written", "there in the end", "lost"},
                    .rows = {row("keys of one writer", with.own,
                                 with.own - static_cast<std::size_t>(with.own_missing)),
                             row("values of keys that both sides wrote", with.shared,
                                 with.shared - with.shared_lost),
                             row("additions to one counter for all", with.increments, with.counted),
                             row("the same, a counter for each node", with.increments,
                                 with.counted_sum)}}};
}

}  // namespace

Report run_consistency(const ExperimentOptions& options) {
  Report report;
  const Written with = Writing(options, true).run();
  const Written without = Writing(options, false).run();
  report.trace_hash = with.trace_hash * 31 + without.trace_hash;
  report.add("nodes", static_cast<double>(options.nodes), "");
  report.add("equal_after", with.agreed, "s");
  report.add("keys_of_one_writer", static_cast<double>(with.own), "");
  report.add("of_those_missing", with.own_missing, "on an average node");
  report.add("of_those_missing_by_gossip_alone", without.own_missing, "on an average node");
  report.add("values_of_both_sides", static_cast<double>(with.shared), "");
  report.add("of_those_lost", static_cast<double>(with.shared_lost), "");
  report.add("additions", static_cast<double>(with.increments), "");
  report.add("counted_by_one_key", static_cast<double>(with.counted), "");
  report.add("counted_by_a_key_for_each", static_cast<double>(with.counted_sum), "");
  report.claim = fmt::format(
      "{} nodes wrote on both sides of a cut. {} s after it was mended all had the same map, with "
      "all {} keys that one node alone had written; by gossip alone {} of them stayed missing on a "
      "node. Of {} values for keys of both sides {} were lost, and of {} additions to one counter "
      "{}; with a counter for each node, none.",
      options.nodes, number_text(with.agreed), with.own, number_text(without.own_missing),
      with.shared, with.shared_lost, with.increments, with.increments - with.counted);
  report.held = with.agreed > 0 && with.own_missing == 0 && without.own_missing > 0 &&
                without.agreed == 0 && with.counted < with.increments &&
                with.counted_sum == with.increments && with.followed;
  report.sections = {agreement_section(with, without, kRounds * (Duration(60s) / options.rate)),
                     loss_section(with)};
  return report;
}

}  // namespace shoal::lab
