#include "lab/eclipse_experiment.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/attackers.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"
#include "lab/records.h"

namespace shoal::lab {

namespace {

constexpr std::size_t kEclipseNewcomers = 10;
constexpr std::size_t kWaysIn = 3;
constexpr std::size_t kEclipseRecords = 20;
/// Of all seats, in networks so large that a table has a hundred.
constexpr std::size_t kLargeNetwork = 400;
constexpr double kMostSeats = 0.01;

struct Eclipsed {
  double seats = 0;      // the attackers' share of all tables
  double old_seats = 0;  // of the tables of those who were there before, the attackers' share
  double new_seats = 0;  // of those who came while the attackers were there
  std::size_t most = 0;  // attackers in one table
  double old_found = 0;  // share of records
  double new_found = 0;
  std::uint64_t trace_hash = 0;
};

class Eclipse {
 public:
  Eclipse(const ExperimentOptions& options, kad::TableLimits limits)
      : net_(options.nodes, options.seed, limits),
        honest_(options.nodes),
        attackers_(static_cast<std::size_t>(options.attackers)) {
    records_ = provide_some(net_, kEclipseRecords);
    add_attackers();
    crowd(0, honest_);
    add_newcomers();
  }

  Eclipsed run() {
    Eclipsed out;
    out.old_seats = seats(0, honest_, out.most);
    out.new_seats = seats(first_newcomer_, net_.size(), out.most);
    out.seats = (out.old_seats * static_cast<double>(honest_) + out.new_seats * kEclipseNewcomers) /
                static_cast<double>(honest_ + kEclipseNewcomers);
    for (const Record& record : records_) {
      std::uint32_t old = record.provider;
      while (old == record.provider) {
        old = static_cast<std::uint32_t>(net_.random().below(honest_));
      }
      out.old_found += finds(net_, old, record) ? 1.0 / kEclipseRecords : 0;
      const auto fresh =
          first_newcomer_ + static_cast<std::uint32_t>(net_.random().below(kEclipseNewcomers));
      out.new_found += finds(net_, fresh, record) ? 1.0 / kEclipseRecords : 0;
    }
    out.trace_hash = net_.world().trace_hash();
    return out;
  }

 private:
  /// All of one /16, with ids everywhere.
  void add_attackers() {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < attackers_; ++i) {
      const auto ip =
          IpAddress::v4({203, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
      all.push_back(net_.add({.id = light_peer(net_.world().seed(), 5'000'000 + i),
                              .address = ip,
                              .knows_all = true}));
    }
    first_newcomer_ = static_cast<std::uint32_t>(net_.size());
    const Answering answering = names_fellows(net_, all);
    for (const std::uint32_t one : all) net_.node(one).behave(answering);
  }

  /// Every attacker connects to each of them.
  void crowd(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      LightNode& victim = net_.node(static_cast<std::uint32_t>(i));
      for (std::size_t one = honest_; one < first_newcomer_; ++one) {
        victim.meet(static_cast<std::uint32_t>(one));
      }
    }
  }

  /// They know three honest nodes, and join while the attackers come to them.
  void add_newcomers() {
    for (std::size_t i = 0; i < kEclipseNewcomers; ++i) {
      const std::uint32_t one = net_.add({.id = light_peer(net_.world().seed(), 9'000'000 + i)});
      LightNode& node = net_.node(one);
      for (std::size_t way = 0; way < kWaysIn; ++way) {
        node.meet(static_cast<std::uint32_t>(net_.random().below(honest_)));
      }
      net_.world().run(node.keep_up());
      crowd(one, one + 1);
      net_.world().run_for(11min);
      net_.world().run(node.keep_up());
    }
  }

  double seats(std::size_t first, std::size_t end, std::size_t& most) {
    double attackers = 0;
    double entries = 0;
    for (std::size_t i = first; i < end; ++i) {
      std::size_t here = 0;
      for (const auto& entry : net_.node(static_cast<std::uint32_t>(i)).table().all()) {
        const std::uint32_t index = *net_.find(entry.id);
        here += index >= honest_ && index < first_newcomer_ ? 1 : 0;
        entries += 1;
      }
      attackers += static_cast<double>(here);
      most = std::max(most, here);
    }
    return attackers / std::max(1.0, entries);
  }

  LightNet net_;
  const std::size_t honest_;
  const std::size_t attackers_;
  std::uint32_t first_newcomer_ = 0;
  std::vector<Record> records_;
};

}  // namespace

Report run_eclipse(const ExperimentOptions& options) {
  Report report;
  const std::size_t unlimited = options.nodes + static_cast<std::size_t>(options.attackers);
  const Eclipsed with = Eclipse(options, {}).run();
  const Eclipsed without =
      Eclipse(options, {.per_group_and_bucket = unlimited, .per_group = unlimited, .one_in = 1})
          .run();
  report.trace_hash = with.trace_hash * 31 + without.trace_hash;
  report.add("seats_of_attackers", 100 * with.seats, "%");
  report.add("seats_of_attackers_in_old_tables", 100 * with.old_seats, "%");
  report.add("seats_of_attackers_in_new_tables", 100 * with.new_seats, "%");
  report.add("most_attackers_in_a_table", static_cast<double>(with.most), "");
  report.add("seats_in_old_tables_without_limits", 100 * without.old_seats, "%");
  report.add("seats_in_new_tables_without_limits", 100 * without.new_seats, "%");
  report.add("records_found_by_old_nodes", 100 * with.old_found, "%");
  report.add("records_found_by_new_nodes", 100 * with.new_found, "%");
  report.add("records_found_by_new_nodes_without_limits", 100 * without.new_found, "%");
  const std::size_t most = kad::TableLimits{}.per_group;
  report.claim = fmt::format(
      "{} attackers of one /16 among {} honest nodes got at most {} of a table's seats, {} % of "
      "all; without limits for a group, {} % of a newcomer's. Old nodes found {} % of the records, "
      "newcomers {} % (without limits: {} %).",
      options.attackers, options.nodes, with.most, number_text(100 * with.seats),
      number_text(100 * without.new_seats), number_text(100 * with.old_found),
      number_text(100 * with.new_found), number_text(100 * without.new_found));
  report.held = with.most <= most && (with.seats <= kMostSeats || options.nodes < kLargeNetwork) &&
                with.old_found >= 0.95 && with.new_found >= 0.95;
  const BarChart seats_chart{
      .title = "Seats of attackers in routing tables",
      .y_label = "percent of a table's entries",
      .groups = {"old nodes", "newcomers"},
      .series = {
          {.name = "limits for each IP group",
           .values = {100 * with.old_seats, 100 * with.new_seats}},
          {.name = "no limits", .values = {100 * without.old_seats, 100 * without.new_seats}}}};
  const BarChart found{.title = "Records that are found",
                       .y_label = "percent",
                       .groups = {"old nodes", "newcomers"},
                       .series = {{.name = "limits for each IP group",
                                   .values = {100 * with.old_found, 100 * with.new_found}},
                                  {.name = "no limits",
                                   .values = {100 * without.old_found, 100 * without.new_found}}},
                       .to = 110};
  report.sections = {
      {.heading = "Who sits in the tables",
       .svg = to_svg(seats_chart),
       .text = "Peer ids cost nothing; addresses do. So a table takes at most one peer in a "
               "hundred of one /16 (three while it is small), and whoever has been of use keeps "
               "its seat."},
      {.heading = "What is found",
       .svg = to_svg(found),
       .text = "The attackers answer each question with each other. An attacker with addresses in "
               "many networks is not stopped by this: it only pays more."}};
  return report;
}

}  // namespace shoal::lab
