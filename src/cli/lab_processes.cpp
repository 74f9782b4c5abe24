#include "cli/lab_processes.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "base/error.h"
#include "lab/plot/svg.h"
#include "lab/simulated_node.h"

namespace shoal::cli {

namespace {

constexpr Duration kLook = 10ms;
/// For a share to be there; and beyond what one server takes for all, for the receivers.
constexpr Duration kLongestStart = 20s;
constexpr std::size_t kRealLeafBytes = std::size_t{1} << 20;

/// The first event of that name among lines of JSON, the last of which may not be whole yet.
std::optional<boost::json::object> find_event(std::string_view lines, std::string_view name) {
  while (true) {
    const std::size_t end = lines.find('\n');
    if (end == lines.npos) return std::nullopt;
    boost::system::error_code error;
    const boost::json::value line = boost::json::parse(lines.substr(0, end), error);
    lines.remove_prefix(end + 1);
    if (error || !line.is_object()) continue;
    const auto* event = line.as_object().if_contains("event");
    if (event != nullptr && event->is_string() && event->as_string() == name) {
      return line.as_object();
    }
  }
}

lab::CrowdOptions bounds_of(const lab::ExperimentOptions& options) {
  return {.up_limit = lab::UpLimit::node,
          .up_bytes = options.up,
          .file_bytes = static_cast<std::size_t>(options.file_bytes),
          .leaf_bytes = kRealLeafBytes};
}

}  // namespace

LabProcesses::LabProcesses(Session& session, lab::ExperimentOptions options, std::string folder)
    : session_(session),
      storage_(session.system().storage),
      options_(options),
      folder_(std::move(folder)),
      program_(os::own_program()),
      content_(lab::sample_tree(options.seed, 0, options.file_bytes).front().content) {
  storage_.make_folder(folder_);
  const auto file = storage_.open(path("file"), Access::create);
  file->write_at(0, ByteView(content_));
}

LabProcesses::~LabProcesses() {
  stop_all();
  try {
    storage_.remove_tree(folder_);
  } catch (const Error&) {  // nothing else is lost by it
  }
}

os::ChildProcess& LabProcesses::start(const std::string& name, std::vector<std::string> words) {
  std::vector<std::string> all = {program_,
                                  "--home",
                                  path(name + ".home"),
                                  "--json",
                                  "--no-lan",
                                  "--listen",
                                  "/ip4/127.0.0.1/tcp/0",
                                  "--up",
                                  std::to_string(options_.up)};
  all.insert(all.end(), words.begin(), words.end());
  processes_.push_back(std::make_unique<os::ChildProcess>(std::move(all), path(name + ".out")));
  return *processes_.back();
}

void LabProcesses::stop_all() {
  processes_.clear();
}

std::string LabProcesses::read(const std::string& name) const {
  const auto file = storage_.open(path(name), Access::read);
  std::string out(file->info().size, '\0');
  out.resize(
      file->read_at(0, MutableBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size())));
  return out;
}

double LabProcesses::since(TimePoint began) const {
  return std::chrono::duration<double>(session_.now() - began).count();
}

/// Starts the one who has the file; its link.
Task<std::string> LabProcesses::share(const std::string& name) {
  os::ChildProcess& process = start(name, {"share", path("file")});
  const TimePoint began = session_.now();
  while (process.running() && session_.now() - began < kLongestStart) {
    if (const auto serving = find_event(read(name + ".out"), "serving")) {
      co_return std::string(serving->at("link").as_string());
    }
    co_await session_.system().clock.sleep_for(kLook);
  }
  throw Error(ErrorCode::failed, "a process that should share does not", path("file"));
}

/// `shoal cat` reads all of it and serves nothing.
Task<lab::Distributed> LabProcesses::by_server() {
  lab::Distributed out{.what = {.name = "one server", .receivers = options_.nodes}};
  const std::string link = co_await share("server");
  const TimePoint began = session_.now();
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    start(fmt::format("client-{}", i), {"cat", link});
  }
  const double limit = 2 * lab::server_bound(options_.nodes, bounds_of(options_)) + 20;
  const auto all_ended = [this] {
    bool any = false;
    for (std::size_t i = 1; i < processes_.size(); ++i) any = processes_[i]->running() || any;
    return !any;
  };
  while (!all_ended() && since(began) < limit) co_await session_.system().clock.sleep_for(kLook);
  out.last = since(began);
  out.complete = true;
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    const std::string got = read(fmt::format("client-{}.out", i));
    out.complete = out.complete && equal(as_bytes(got), content_);
    out.source_sent += static_cast<double>(got.size()) / static_cast<double>(content_.size());
    storage_.remove(path(fmt::format("client-{}.out", i)));
  }
  stop_all();
  co_return out;
}

Task<lab::Distributed> LabProcesses::by_swarm() {
  lab::Distributed out{.what = {.name = "swarm", .receivers = options_.nodes}};
  const std::string link = co_await share("source");
  const auto serving = find_event(read("source.out"), "serving");
  const boost::json::string source = serving->at("peer_id").as_string();
  const TimePoint began = session_.now();
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    const std::string name = fmt::format("peer-{}", i);
    start(name, {"get", link, "-o", path(name + ".copy"), "--seed"});
  }
  const double limit = 2 * lab::server_bound(options_.nodes, bounds_of(options_)) + 20;
  std::vector<double> done(options_.nodes, 0);
  std::size_t missing = options_.nodes;
  while (missing > 0 && since(began) < limit) {
    for (std::size_t i = 0; i < options_.nodes; ++i) {
      if (done[i] > 0) continue;
      const auto end = find_event(read(fmt::format("peer-{}.out", i)), "done");
      if (!end) continue;
      done[i] = since(began);
      out.last = std::max(out.last, done[i]);
      out.mean_time += done[i] / static_cast<double>(options_.nodes);
      --missing;
      for (const boost::json::value& from : end->at("sources").as_array()) {
        if (from.at("peer_id").as_string() != source) continue;
        out.source_sent +=
            from.at("bytes").to_number<double>() / static_cast<double>(content_.size());
      }
    }
    co_await session_.system().clock.sleep_for(kLook);
  }
  out.complete = missing == 0;
  for (std::size_t i = 0; i < options_.nodes && out.complete; ++i) {
    out.complete = equal(as_bytes(read(fmt::format("peer-{}.copy", i))), content_);
  }
  stop_all();
  co_return out;
}

Task<lab::Report> LabProcesses::run() {
  session_.output().note("one server, and clients that only take");
  const lab::Distributed server = co_await by_server();
  session_.output().note("the same number of nodes that serve what they have");
  const lab::Distributed swarm = co_await by_swarm();
  const lab::CrowdOptions bounds = bounds_of(options_);
  const double bound = lab::swarm_bound(options_.nodes, bounds);
  lab::Report report;
  report.add("receivers", static_cast<double>(options_.nodes), "");
  report.add("last_by_server", server.last, "s");
  report.add("last_by_swarm", swarm.last, "s");
  report.add("mean_by_swarm", swarm.mean_time, "s");
  report.add("bound_for_server", lab::server_bound(options_.nodes, bounds), "s");
  report.add("bound_for_swarm", bound, "s");
  report.add("last_by_bound", swarm.last / bound, "times");
  report.add("source_sent_in_swarm", swarm.source_sent, "times the file");
  report.claim = fmt::format(
      "{} processes on this machine, each with {} MB/s upload: the last has {} MB after {} s where "
      "receivers serve, which is {} times the bound; from one server after {} s. The source sent "
      "it {} times instead of {}.",
      options_.nodes, lab::number_text(static_cast<double>(options_.up) / 1e6),
      lab::number_text(static_cast<double>(content_.size()) / 1e6), lab::number_text(swarm.last),
      lab::number_text(swarm.last / bound), lab::number_text(server.last),
      lab::number_text(swarm.source_sent), options_.nodes);
  report.held = server.complete && swarm.complete && swarm.last <= lab::kMostOfBound * bound &&
                swarm.source_sent <= lab::kMostSent;
  report.sections = {lab::distribute_bars(server, swarm, bounds)};
  co_return report;
}

}  // namespace shoal::cli
