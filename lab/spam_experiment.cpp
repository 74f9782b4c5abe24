#include "lab/spam_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "lab/library_nodes.h"
#include "lab/lookups.h"
#include "lab/plot/chart.h"
#include "lab/plot/svg.h"

namespace shoal::lab {

namespace {

constexpr Duration kMeeting = 60s;
constexpr Duration kFlooded = 5s;
constexpr Duration kSpamLast = 10s;
constexpr std::size_t kHonestMessages = 40;
constexpr Duration kHonestPause = 250ms;
constexpr std::size_t kHonestBytes = 200;
constexpr std::size_t kSpamBytes = 1000;
constexpr std::uint64_t kSpamLine = 100'000;
/// Of all deliveries, and of the time that 99 of 100 take.
constexpr double kMostArrive = 0.99;
constexpr double kMostSlower = 2;
/// By which a member of the room is told from whoever else is in the topic.
constexpr std::string_view kMark = "room";

enum class Spam { none, checked, unchecked };

struct Heard {
  std::string name;
  std::vector<double> seconds;  // of each delivery
  double delivered = 0;         // share of (honest node, message)
  std::uint64_t spam = 0;       // that an honest node was handed, on average
  std::uint64_t trace_hash = 0;
};

Verdict check(const TopicMessage& message) {
  return text_of(message.data).starts_with(kMark) ? Verdict::accept : Verdict::reject;
}

/// A topic with people in it, some of whom spam.
class Room {
 public:
  Room(const ExperimentOptions& options, Spam spam)
      : honest_(options.nodes - static_cast<std::size_t>(options.attackers)),
        spam_pause_(Duration(1s) / options.rate),
        nodes_(options.seed, options.nodes, {.up = kSpamLine, .down = kSpamLine}) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      TopicOptions joining;
      if (i < honest_ && spam == Spam::checked) joining.validator = check;
      topics_.push_back(nodes_[i].join("room", std::move(joining)));
      if (i < honest_) nodes_[i].spawn(listen(i));
    }
    nodes_.world().run_for(kMeeting);
    for (std::size_t i = honest_; i < nodes_.size() && spam != Spam::none; ++i) {
      nodes_[i].spawn(flood(i));
    }
  }
  ~Room() { nodes_.stop(); }

  Heard run(std::string name) {
    nodes_.world().run_for(kFlooded);
    for (std::size_t i = 0; i < kHonestMessages; ++i) {
      const std::size_t by = i % honest_;
      published_.push_back(nodes_.world().now());
      nodes_[by].spawn(say(by, i));
      nodes_.world().run_for(kHonestPause);
    }
    nodes_.world().run_for(kSpamLast);
    Heard out{.name = std::move(name), .seconds = seconds_};
    out.delivered =
        static_cast<double>(seconds_.size()) / static_cast<double>(kHonestMessages * (honest_ - 1));
    out.spam = spam_ / honest_;
    out.trace_hash = nodes_.world().trace_hash();
    return out;
  }

 private:
  Async<void> listen(std::size_t node) {
    while (const auto message = co_await topics_[node].next()) {
      const std::string_view text = text_of(message->data);
      if (text.starts_with(kMark)) {
        const std::size_t number = std::stoul(std::string(text.substr(kMark.size())));
        seconds_.push_back(seconds_of(nodes_.world().now() - published_[number]));
      } else {
        ++spam_;
      }
    }
  }
  Async<void> say(std::size_t node, std::size_t number) {
    std::string text = std::string(kMark) + std::to_string(number) + " ";
    text.resize(kHonestBytes, '.');
    co_await topics_[node].publish(text);
  }
  /// What its line does not let out waits in its own queues, and is dropped there.
  Async<void> flood(std::size_t node) {
    for (std::size_t number = 0;; ++number) {
      std::string text = fmt::format("spam {} {} ", node, number);
      text.resize(kSpamBytes, '!');
      try {
        co_await topics_[node].publish(text);
      } catch (const Error&) {  // nobody there who takes it, now
      }
      co_await sleep_for(spam_pause_);
    }
  }

  const std::size_t honest_;
  const Duration spam_pause_;
  LibraryNodes nodes_;
  std::deque<Topic> topics_;
  std::vector<std::chrono::nanoseconds> published_;
  std::vector<double> seconds_;
  std::uint64_t spam_ = 0;
};

Section arrival_section(const std::vector<Heard>& all) {
  LineChart chart{.title = "How soon an honest message is there",
                  .x = {.label = "seconds after it was published", .logarithmic = true},
                  .y = {.label = "percent of nodes that have it", .from = 0, .to = 100},
                  .series = {}};
  Table table{.headings = {"", "delivered", "half within", "99 of 100 within", "spam a node got"},
              .rows = {}};
  for (const Heard& each : all) {
    Series series{.name = each.name, .points = {}};
    for (const double percent : {1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0}) {
      series.points.push_back({percentile(each.seconds, percent), percent * each.delivered});
    }
    chart.series.push_back(std::move(series));
    table.rows.push_back({each.name, number_text(100 * each.delivered) + " %",
                          number_text(percentile(each.seconds, 50)) + " s",
                          number_text(percentile(each.seconds, 99)) + " s",
                          std::to_string(each.spam)});
  }
  return {.heading = "Honest messages",
          .svg = to_svg(chart),
          .text =
              "Each node checks what it is handed before it passes it on. What fails goes no "
              "further, and counts against the peer that handed it over: after a few it is "
              "put out of the mesh, and then not listened to. Without the check everybody "
              "passes the spam on for the spammers.",
          .table = std::move(table)};
}

}  // namespace

Report run_spam(const ExperimentOptions& options) {
  Report report;
  const Heard quiet = Room(options, Spam::none).run("no spam");
  const Heard checked = Room(options, Spam::checked).run("spam, checked");
  const Heard unchecked = Room(options, Spam::unchecked).run("spam, not checked");
  for (const Heard* each : {&quiet, &checked, &unchecked}) {
    report.trace_hash = report.trace_hash * 31 + each->trace_hash;
  }
  const double before = percentile(quiet.seconds, 99);
  const double after = percentile(checked.seconds, 99);
  const double without = percentile(unchecked.seconds, 99);
  report.add("spammers", static_cast<double>(options.attackers), "");
  report.add("p99_without_spam", before, "s");
  report.add("p99_with_spam", after, "s");
  report.add("p99_with_spam_not_checked", without, "s");
  report.add("delivered_with_spam", 100 * checked.delivered, "%");
  report.add("delivered_not_checked", 100 * unchecked.delivered, "%");
  report.add("spam_handed_to_a_node_not_checked", static_cast<double>(unchecked.spam), "");
  report.claim = fmt::format(
      "{} of {} nodes flood a topic, each with {} messages of 1 KB a second: 99 of 100 honest "
      "messages are "
      "there within {} s instead of {}, and {} % arrive. Where nobody checks it takes {} s, and {} "
      "% arrive.",
      options.attackers, options.nodes, options.rate, number_text(after), number_text(before),
      number_text(100 * checked.delivered), number_text(without),
      number_text(100 * unchecked.delivered));
  report.held = quiet.delivered >= kMostArrive && checked.delivered >= kMostArrive &&
                after <= kMostSlower * before;
  report.sections = {arrival_section({quiet, checked, unchecked})};
  return report;
}

}  // namespace shoal::lab
