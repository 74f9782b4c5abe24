#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <mutex>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/lab_processes.h"
#include "cli/nearest_word.h"
#include "cli/units.h"
#include "lab/experiment.h"
#include "lab/plot/svg.h"
#include "system/offload.h"
#include "system/os/memory.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {

constexpr std::uint64_t kMaxSeed = 1'000'000;

boost::json::array choices_of(const lab::Experiment& experiment) {
  boost::json::array out;
  const std::size_t nodes = experiment.usual_nodes;
  for (const lab::Choice& choice : experiment.choices) {
    out.push_back(boost::json::object{{"flag", choice.flag},
                                      {"what", choice.what},
                                      {"usual", choice.usual.of(nodes)},
                                      {"min", choice.least.of(nodes)},
                                      {"max", choice.most.of(nodes)}});
  }
  return out;
}

/// What can be chosen, with the usual values.
std::string flags_text(const lab::Experiment& experiment) {
  std::string out;
  if (experiment.min_nodes < experiment.max_nodes) {
    out = fmt::format("--nodes {} ({} to {})", experiment.usual_nodes, experiment.min_nodes,
                      experiment.max_nodes);
  }
  for (const lab::Choice& choice : experiment.choices) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", choice.flag,
                       choice.usual.of(experiment.usual_nodes));
    if (choice.flag == "--rate") out += " " + choice.what;
  }
  return out.empty() ? "--seed alone" : out;
}

/// Tells what experiments there are.
class LabList final : public Command {
 public:
  Task<void> run(Session& session) override {
    for (const lab::Experiment& experiment : lab::experiments()) {
      session.output().event({{"event", "experiment"},
                              {"name", experiment.name},
                              {"title", experiment.title},
                              {"nodes", experiment.usual_nodes},
                              {"min_nodes", experiment.min_nodes},
                              {"max_nodes", experiment.max_nodes},
                              {"choices", choices_of(experiment)}});
      session.output().result(fmt::format("{:<11} {}", experiment.name, experiment.title));
      session.output().result(fmt::format("{:<11}   {}", "", flags_text(experiment)));
    }
    session.output().note(
        "`shoal lab NAME` runs one in a simulated network and writes NAME.html with what it saw");
    co_return;
  }
};

/// Runs one experiment and writes its page.
class LabRun final : public Command {
 public:
  LabRun(const lab::Experiment& experiment, lab::ExperimentOptions options, std::string folder,
         bool processes)
      : experiment_(experiment),
        options_(options),
        folder_(std::move(folder)),
        processes_(processes) {}

  Task<void> run(Session& session) override {
    Storage& storage = session.system().storage;
    check(session);
    const std::string page = prepare(storage);
    Task<lab::Report> work = processes_ ? start(session, page) : simulate(session);
    const lab::Report report = co_await std::move(work);
    write(storage, page, lab::to_html(lab::page_of(experiment_, options_, report)));
    tell(session.output(), report, page);
    if (!report.held) throw Error(ErrorCode::failed, "the claim did not hold", page);
  }

  /// Nothing stays where no page came to be.
  Task<void> stop() override {
    processes_work_.reset();
    if (unfinished_storage_ != nullptr) unfinished_storage_->remove(unfinished_);
    co_return;
  }

 private:
  /// What cannot be is refused before the work.
  void check(Session& session) {
    options_.up = session.options().up;
    const std::uint64_t memory = os::available_memory();
    if (!processes_) return lab::check_options(experiment_, options_, memory);
    lab::Experiment real = experiment_;
    real.min_nodes = LabProcesses::kMinNodes;
    real.max_nodes = LabProcesses::kMaxNodes;
    real.node_bytes = LabProcesses::kProcessBytes;
    real.choices = {lab::choose_file(LabProcesses::kUsualFile),
                    lab::choose_up(LabProcesses::kUsualRate)};
    lab::check_options(real, options_, memory);
    options_ = lab::with_usual(real, options_);
  }

  Task<lab::Report> simulate(Session& session) {
    session.output().note(
        fmt::format("simulating {} nodes from seed {}", options_.nodes, options_.seed));
    options_.when_begun = [this](const std::string& part) {
      const std::lock_guard lock(part_mutex_);
      part_ = part;
    };
    started_ = session.now();
    Task<lab::Report> work =
        offload(session.system().offload, [this] { return lab::run(experiment_, options_); });
    lab::Report report = co_await with_ticks(
        session.system(), session.output().progress_period(), [&] { tell_progress(session); },
        std::move(work));
    session.output().end_progress();
    co_return report;
  }

  void tell_progress(Session& session) {
    const TimePoint now = session.now();
    Progress progress;
    progress.name = experiment_.name;
    progress.waiting = format_time(now - started_);
    const std::lock_guard lock(part_mutex_);
    if (!part_.empty()) progress.waiting += ": " + part_;
    session.output().progress(progress, now);
  }

  Task<lab::Report> start(Session& session, const std::string& page) {
    session.output().note(fmt::format("starting {} processes", options_.nodes + 1));
    processes_work_ = std::make_unique<LabProcesses>(session, options_, page + ".files");
    lab::Report report = co_await processes_work_->run();
    processes_work_.reset();
    co_return report;
  }

  /// A folder that cannot be written is refused before the work, not after it.
  std::string prepare(Storage& storage) {
    const std::string folder = storage.absolute(folder_);
    if (!storage.info(folder)) storage.make_folder(folder);
    const std::string page =
        folder + "/" + experiment_.name + (processes_ ? "-processes" : "") + ".html";
    unfinished_ = page + ".part";
    storage.open(unfinished_, Access::create);
    storage.remove(unfinished_);
    return page;
  }

  void write(Storage& storage, const std::string& page, const std::string& html) {
    unfinished_storage_ = &storage;
    const auto file = storage.open(unfinished_, Access::create);
    file->truncate(0);
    file->write_at(0, as_bytes(html));
    storage.rename(unfinished_, page, true);
    unfinished_storage_ = nullptr;
  }

  static void tell(Output& output, const lab::Report& report, const std::string& page) {
    for (const lab::Figure& figure : report.figures) {
      output.event({{"event", "figure"},
                    {"name", figure.name},
                    {"value", figure.value},
                    {"unit", figure.unit}});
      output.result(fmt::format("{:<34} {:>12} {}", figure.name, lab::number_text(figure.value),
                                figure.unit));
    }
    output.event({{"event", "claim"},
                  {"text", report.claim},
                  {"held", report.held},
                  {"page", page},
                  {"trace_hash", fmt::format("{:016x}", report.trace_hash)}});
    output.result(
        fmt::format("{} {}", report.held ? "It held:" : "It did not hold:", report.claim));
    output.result(page);
  }

  const lab::Experiment& experiment_;
  lab::ExperimentOptions options_;
  const std::string folder_;
  const bool processes_;
  std::unique_ptr<LabProcesses> processes_work_;
  TimePoint started_{};
  std::mutex part_mutex_;
  std::string part_;  // that runs, told on the thread of the run
  std::string unfinished_;
  Storage* unfinished_storage_ = nullptr;
};

const lab::Experiment& experiment_named(const std::string& name) {
  const lab::Experiment* found = lab::find_experiment(name);
  if (found != nullptr) return *found;
  std::vector<std::string> known;
  for (const lab::Experiment& experiment : lab::experiments()) known.push_back(experiment.name);
  const std::string meant = nearest_word(name, known);
  throw Error(ErrorCode::usage, "there is no experiment '" + name + "'", {},
              meant.empty() ? "`shoal lab` lists them" : "did you mean `shoal lab " + meant + "`?");
}

}  // namespace

std::unique_ptr<Command> make_lab(const LabCommandOptions& options) {
  if (options.name.empty()) return std::make_unique<LabList>();
  const lab::Experiment& experiment = experiment_named(options.name);
  const std::uint64_t seed = options.seed.value_or(1);
  if (seed > kMaxSeed) {
    throw Error(ErrorCode::usage, "--seed is at most 1000000", {}, "leave it out for 1");
  }
  if (options.processes && experiment.name != "distribute") {
    throw Error(ErrorCode::usage, "lab " + experiment.name + " has no --processes", {},
                "`shoal lab distribute --processes` has");
  }
  const std::uint64_t usual =
      options.processes ? LabProcesses::kUsualNodes : experiment.usual_nodes;
  const std::uint64_t nodes = options.nodes.value_or(usual);
  if (!options.processes) lab::check_size(experiment, nodes);
  return std::make_unique<LabRun>(
      experiment,
      lab::ExperimentOptions{.seed = seed,
                             .nodes = static_cast<std::size_t>(nodes),
                             .file_bytes = options.file_bytes.value_or(0),
                             .attackers = options.attackers.value_or(0),
                             .rate = options.rate.value_or(0)},
      options.folder.empty() ? "." : options.folder, options.processes);
}

}  // namespace shoal::cli
