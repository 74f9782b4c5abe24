#include "service/get.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

#include "base/display_text.h"
#include "cli/commands.h"
#include "cli/link_trouble.h"
#include "cli/looking.h"
#include "cli/peer_name.h"
#include "cli/peer_watch.h"
#include "cli/serving.h"
#include "cli/units.h"
#include "content/block.h"
#include "service/link_addresses.h"
#include "service/share.h"
#include "system/rate_meter.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {

constexpr Duration kProgressPeriod = 500ms;
constexpr Duration kWaitingPeriod = 1s;
constexpr Duration kNoticeable = 500ms;

std::string_view name_of(service::Waiting waiting) {
  switch (waiting) {
    case service::Waiting::nothing:
      return "";
    case service::Waiting::peers:
      return "peers";
    case service::Waiting::connection:
      return "connection";
    case service::Waiting::blocks:
      return "blocks";
  }
  return "";
}

boost::json::object to_json(const service::SourceResult& source, node::Node& node) {
  boost::json::value address = nullptr;
  boost::json::value path = nullptr;
  if (source.address) {
    address = source.address->to_string();
    path = path_to(node, source.peer, *source.address);
  }
  return {{"peer_id", source.peer.to_string()},
          {"address", std::move(address)},
          {"path", std::move(path)},
          {"bytes", source.bytes},
          {"blocks", source.blocks}};
}

/// Nobody sent them. What lies in several places is sent once, so that is bounded by what was
/// found.
std::uint64_t bytes_here_before(const service::GetResult& result) {
  std::uint64_t sent = 0;
  for (const auto& source : result.sources) sent += source.bytes;
  return std::min(result.bytes - std::min(result.bytes, sent),
                  result.blocks_resumed * content::kMaxBlockBytes);
}

boost::json::object to_json(const service::GetResult& result, node::Node& node) {
  boost::json::array sources;
  for (const auto& source : result.sources) sources.emplace_back(to_json(source, node));
  return {{"event", "done"},
          {"path", result.path},
          {"cid", result.cid.to_string()},
          {"bytes", result.bytes},
          {"files", result.files},
          {"seconds", to_seconds(result.duration)},
          {"blocks", result.blocks},
          {"blocks_resumed", result.blocks_resumed},
          {"blocks_fetched", result.blocks_fetched},
          {"blocks_duplicate", result.blocks_duplicate},
          {"bytes_hashed", result.bytes_hashed},
          {"sources", std::move(sources)}};
}

Task<service::GetResult> explained(Task<service::GetResult> work, const service::Link& link) {
  try {
    co_return co_await std::move(work);
  } catch (const Error& error) {
    throw explain(error, link);
  }
}

class GetCommand final : public Command {
 public:
  explicit GetCommand(GetCommandOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    start_ = session.now();
    last_moved_ = start_;
    if (options_.seed) session.serve_dht();
    auto& node = session.start_node();
    service::Link link = options_.link;
    tell_unusable(link, session.output());
    const auto& known = session.options().connect;
    link.providers.insert(link.providers.end(), known.begin(), known.end());
    const service::Link known_link = link;
    service::GetOptions options{.link = std::move(link),
                                .output = options_.output,
                                .replace = options_.force,
                                .timeout = session.options().timeout,
                                .limits = options_.limits};
    get_ = std::make_unique<service::Get>(node.context(), std::move(options));
    if (session.options().verbosity > 0 || options_.seed) {
      peers_ = std::make_unique<PeerWatch>(node, session.output());
    } else {
      paths_ = std::make_unique<PathWatch>(node, session.output());
    }
    get_->when_serving([this](const Cid& root) { tell_own_link(root); });
    get_->when_replacing([this](const std::string& path, const content::LostFiles& lost) {
      tell_replacing(path, lost);
    });
    get_->when_bad_peer([this](const content::BadPeer& bad) { tell_bad_peer(bad); });
    Task<service::GetResult> work = get_->run();
    Task<service::GetResult> told = with_ticks(
        session.system(), session.output().progress_period(), [this] { tell_status(); },
        std::move(work));
    std::optional<service::GetResult> result;
    std::exception_ptr failure;
    try {
      result = co_await explained(std::move(told), known_link);
    } catch (const Error&) {
      failure = std::current_exception();
    }
    tell_status();
    if (result) tell_last_progress(result->bytes);
    tell_target();
    if (failure) std::rethrow_exception(failure);
    tell_done(*result);
    if (!options_.seed) co_return;
    if (!told_numbers_) tell_own_link(result->cid);
    co_await seed(result->cid);
  }

  Task<void> stop() override {
    served_.reset();
    peers_.reset();
    paths_.reset();
    if (share_) co_await share_->stop();
    share_.reset();
    get_.reset();
  }

  bool goes_on() const override { return true; }

 private:
  void tell_own_link(const Cid& root) {
    service::Link link{.cid = root,
                       .path = {},
                       .filename = get_->name(),
                       .providers = service::link_addresses(session_->open_node().addresses())};
    const service::GetStatus status = get_->status();
    tell_serving(*session_, {.link = link,
                             .bytes = status.bytes_total,
                             .files = status.files,
                             .blocks = status.blocks,
                             .duration = session_->now() - start_});
    told_numbers_ = status.files.has_value();
    if (!served_) served_ = session_->open_node().tell_served({.kind = "get", .link = link});
    if (options_.seed && !std::exchange(told_link_, true))
      session_->output().note("sharing it as " + link.to_string());
  }

  void tell_bad_peer(const content::BadPeer& bad) {
    boost::json::value cid = nullptr;
    if (bad.cid) cid = bad.cid->to_string();
    session_->output().event({{"event", "bad_peer"},
                              {"peer_id", bad.peer.to_string()},
                              {"reason", bad.reason},
                              {"cid", std::move(cid)}});
    if (!session_->output().json()) {
      session_->output().warning(short_name(bad.peer) + ": " + bad.reason);
    }
  }

  void tell_status() {
    if (peers_) peers_->tick();
    service::GetStatus status = get_->status();
    const TimePoint now = session_->now();
    const std::uint64_t come = status.bytes_done + status.bytes_arriving;
    if (come != come_) last_moved_ = now;
    come_ = come;
    // Between two blocks there is always a wait; one is worth a word when it lasts.
    if (now - last_moved_ < kNoticeable) status.waiting = service::Waiting::nothing;
    // What has come and is not verified yet is in neither: that is no step back.
    received_ = std::max(received_, status.bytes_received);
    rate_.update(now, received_);
    tell_waiting(status, now);
    tell_progress(status, now);
    session_->output().progress(to_progress(status), now);
  }

  Progress to_progress(const service::GetStatus& status) const {
    std::string waiting(status.busy);
    if (status.waiting != service::Waiting::nothing) waiting = status.detail;
    return {.name = get_->name(),
            .bytes_done = here(status),
            .bytes_total = status.bytes_total,
            .rate = rate_.rate(),
            .rest = rest(status),
            .peers = status.peers,
            .path = peers_ ? peers_->paths().in_a_word() : paths_->in_a_word(),
            .what = {},
            .waiting = std::move(waiting)};
  }

  /// With the part of a block that has come: on a slow line they are far apart.
  static std::uint64_t here(const service::GetStatus& status) {
    return std::min(status.bytes_done + status.bytes_arriving,
                    std::max(status.bytes_done, status.bytes_total));
  }

  std::optional<Duration> rest(const service::GetStatus& status) const {
    if (status.bytes_total < status.bytes_done) return std::nullopt;
    return rate_.time_for(status.bytes_total - here(status));
  }

  void tell_waiting(const service::GetStatus& status, TimePoint now) {
    const auto wait = std::pair(status.waiting, status.detail);
    if (wait == told_wait_ || now < next_waiting_) return;
    told_wait_ = wait;
    if (status.waiting == service::Waiting::nothing) return;
    next_waiting_ = now + kWaitingPeriod;
    session_->output().news(
        {{"event", "waiting"}, {"for", name_of(status.waiting)}, {"detail", status.detail}});
  }

  void tell_progress(const service::GetStatus& status, TimePoint now) {
    if (now < next_progress_) return;
    next_progress_ = now + kProgressPeriod;
    boost::json::value eta = nullptr;
    if (const auto left = rest(status)) eta = to_seconds(*left);
    session_->output().news(progress_event(status, status.bytes_total, std::move(eta)));
  }

  /// Whatever was told before, in the end `done` and the last progress say the same.
  void tell_last_progress(std::uint64_t bytes) {
    service::GetStatus status = get_->status();
    status.bytes_done = bytes;
    session_->output().event(progress_event(status, bytes, 0));
  }

  boost::json::object progress_event(const service::GetStatus& status, std::uint64_t total,
                                     boost::json::value eta) const {
    return {{"event", "progress"},  {"bytes_done", status.bytes_done}, {"bytes_total", total},
            {"rate", rate_.rate()}, {"eta_seconds", std::move(eta)},   {"peers", status.peers}};
  }

  void tell_replacing(const std::string& path, const content::LostFiles& lost) {
    std::string text = for_terminal(path) + " differs and will be replaced";
    if (lost.files > 0) text += ", which deletes " + for_terminal(lost.to_text());
    session_->output().note(text);
  }

  void warn(const std::string& text) {
    if (!session_->output().json()) session_->output().warning(text);
  }

  /// What became of the target, however the command ends.
  void tell_target() {
    if (const auto replaced = get_->replaced()) tell_replaced(*replaced);
    if (get_->not_placed() != nullptr) tell_not_placed(*get_->not_placed());
    if (const std::string trouble = get_->metadata_trouble(); !trouble.empty()) warn(trouble);
  }

  void tell_replaced(const service::ReplacedTarget& replaced) {
    boost::json::value left = nullptr;
    if (!replaced.left.empty()) left = replaced.left;
    session_->output().event({{"event", "removed"},
                              {"path", replaced.path},
                              {"files", replaced.lost.files},
                              {"bytes", replaced.lost.bytes},
                              {"left", std::move(left)}});
    if (replaced.lost.files > 0) {
      session_->output().note(fmt::format("deleted {}, {}", for_terminal(replaced.lost.to_text()),
                                          format_size(replaced.lost.bytes)));
    }
    if (replaced.left.empty()) return;
    warn(fmt::format("part of what was replaced could not be deleted and is now {}: {}",
                     replaced.left, replaced.reason));
  }

  void tell_not_placed(const content::NotPlacedList& list) {
    for (const content::NotPlaced& each : list.listed()) {
      session_->output().event(
          {{"event", "not_placed"}, {"path", each.path}, {"reason", each.reason}, {"count", 1}});
      warn(fmt::format("not placed: {}: {}", each.path, each.reason));
    }
    const std::uint64_t more = list.count() - list.listed().size();
    if (more == 0) return;
    session_->output().event({{"event", "not_placed"},
                              {"path", nullptr},
                              {"reason", "there are too many to list"},
                              {"count", more}});
    warn(fmt::format("not placed: {} more", more));
  }

  void tell_done(const service::GetResult& result) {
    auto& output = session_->output();
    node::Node& node = session_->open_node();
    output.event(to_json(result, node));
    output.note(fmt::format("{}, {} {} in {:.1f} s, verified", format_size(result.bytes),
                            result.files, result.files == 1 ? "file" : "files",
                            to_seconds(result.duration)));
    if (const auto here = bytes_here_before(result); here > 0) {
      output.note(fmt::format("  {} were already here", format_size(here)));
    }
    for (const auto& source : result.sources) {
      output.note(
          fmt::format("  {} from {} ({})", format_size(source.bytes), short_name(source.peer),
                      source.address ? path_to(node, source.peer, *source.address) : "gone"));
    }
    output.result_name(result.path);
    output.check_written();
  }

  Task<void> seed(Cid root) {
    session_->expect_signal();
    System& system = session_->system();
    auto& node = session_->open_node();
    share_ = std::make_unique<service::Share>(node.context(), node.done_listener());
    share_->when_sent(
        [this](const service::SentToPeer& sent) { tell_sent(session_->output(), sent); });
    co_await share_->adopt(std::move(root));
    share_->announce([this](const routing::Provided& provided) {
      told_peers_ += provided.peers;
      if (served_) served_->set_told_peers(told_peers_);
    });
    session_->output().note("sharing it; stop with Ctrl-C");
    rate_ = {};
    co_await with_ticks(
        system, session_->output().progress_period(), [this] { tell_seeding(); }, for_ever(system));
  }

  static Task<void> for_ever(System& system) {
    while (true) co_await system.clock.sleep_for(1h);
  }

  void tell_seeding() {
    tell_sending(session_->output(), *peers_, *share_, rate_, get_->name(), session_->now());
  }

  const GetCommandOptions options_;
  Session* session_ = nullptr;
  TimePoint start_;
  TimePoint last_moved_;
  std::uint64_t come_ = 0;
  std::uint64_t received_ = 0;
  std::unique_ptr<PeerWatch> peers_;  // when more is to be said
  std::unique_ptr<PathWatch> paths_;  // else
  std::unique_ptr<service::Get> get_;
  std::unique_ptr<node::RunningFile::Entry> served_;
  std::size_t told_peers_ = 0;
  std::unique_ptr<service::Share> share_;  // of what is here, when it is served on
  bool told_link_ = false;
  bool told_numbers_ = false;
  RateMeter rate_;
  TimePoint next_progress_;
  TimePoint next_waiting_;
  std::pair<service::Waiting, std::string> told_wait_;
};

}  // namespace

std::unique_ptr<Command> make_get(GetCommandOptions options) {
  return std::make_unique<GetCommand>(std::move(options));
}

}  // namespace shoal::cli
