#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/display_text.h"
#include "cli/commands.h"
#include "cli/indexing.h"
#include "cli/peer_watch.h"
#include "cli/qr_code.h"
#include "cli/qr_link.h"
#include "cli/serving.h"
#include "cli/stall.h"
#include "cli/standard_input.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "service/link_addresses.h"
#include "service/share.h"
#include "system/event.h"
#include "system/rate_meter.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {

constexpr Duration kEventPeriod = 500ms;
constexpr Duration kRelayPatience = 5s;
/// The progress line.
constexpr std::size_t kLinesBelowCode = 1;

class ShareCommand final : public Command {
 public:
  explicit ShareCommand(ShareOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    // What serves has no other end; an index alone has one.
    if (!options_.index_only) session.expect_signal();
    session.serve_dht();
    auto& node = options_.index_only ? session.open_node() : session.start_node();
    share_ = std::make_unique<service::Share>(node.context(), node.done_listener());
    peers_ = std::make_unique<PeerWatch>(node, session.output());
    node.when_unreachable([this](const PeerId& peer, const std::string& reason) {
      session_->output().warning(fmt::format(
          "cannot connect to {}: {}; trying again until it works", peer.to_string(), reason));
    });
    node.when_relay_refused([this](const PeerId& peer, const std::string& reason) {
      session_->output().warning(
          fmt::format("no place at the relay {}: {}; trying again until it "
                      "works",
                      peer.to_string(), reason));
      addresses_changed_->notify_all();
    });
    addresses_changed_ = std::make_unique<Event>(session.system().waits);
    node.when_addresses_changed([this] { addresses_changed_->notify_all(); });
    sent_ = std::make_unique<Event>(session.system().waits);
    share_->when_sent([this](const service::SentToPeer& sent) {
      tell_sent(session_->output(), sent);
      sent_->notify_all();
    });
    co_await index();
    co_await wait_for_relays();
    tell_link();
    node.when_addresses_changed([this] { tell_better_link(); });
    share_->when_missed([this](const std::string& path) { tell_missed(path); });
    if (!options_.index_only) co_await serve();
  }

  Task<void> stop() override {
    served_.reset();
    peers_.reset();
    if (share_ && serving_since_) tell_summary();
    if (share_) co_await share_->stop();
    share_.reset();
    spool_.reset();
  }

  bool goes_on() const override { return true; }

 private:
  Task<void> index() {
    const TimePoint start = session_->now();
    content::ImportOptions options =
        to_import_options(options_.index, session_->system().storage, session_->home());
    if (!options_.name.empty()) options.name = options_.name;
    if (reads_standard_input(options_.index)) {
      co_await read_input();
      options.standard_input = content::StandardInput{.path = spool_->path()};
    }
    Task<content::ImportResult> work = share_->index(options_.index.paths, std::move(options));
    const content::ImportResult result = co_await with_ticks(
        session_->system(), session_->output().progress_period(), [this] { tell_indexing(); },
        std::move(work));
    tell_indexing(true);
    session_->output().end_progress();
    tell_omissions(session_->output(), result);
    if (result.omissions.any()) {
      boost::json::object event = to_json(result.omissions);
      event["event"] = "left_out";
      session_->output().event(event);
    }
    serving_ = Serving{.link = share_->link({}),
                       .bytes = result.bytes,
                       .files = result.files,
                       .blocks = result.blocks,
                       .duration = session_->now() - start};
    session_->expect_signal();
  }

  /// A link without them might lead nowhere, so they get a moment to answer.
  Task<void> wait_for_relays() {
    if (options_.index_only) co_return;
    const TimePoint end = session_->now() + kRelayPatience;
    while (session_->open_node().awaits_relay() && session_->now() < end) {
      co_await addresses_changed_->wait_until(session_->system().clock, end);
    }
  }

  Task<void> read_input() {
    if (stdin_is_terminal()) session_->output().note("reading standard input; end it with Ctrl-D");
    auto& node = session_->open_node();
    spool_ = std::make_unique<Spool>(session_->system(), node.store(), session_->home());
    Task<void> reading = spool_->fill();
    co_await with_ticks(
        session_->system(), session_->output().progress_period(), [this] { tell_reading(); },
        std::move(reading));
    rate_ = {};
  }

  void tell_reading() {
    const TimePoint now = session_->now();
    session_->output().progress(to_reading_progress(spool_->bytes(), rate_, now), now);
    if (now < next_event_) return;
    next_event_ = now + kEventPeriod;
    session_->output().news({{"event", "indexing"},
                             {"path", content::kStandardInputPath},
                             {"bytes_done", spool_->bytes()},
                             {"bytes_total", 0},
                             {"rate", rate_.rate()}});
  }

  void tell_indexing(bool last = false) {
    const content::ImportProgress progress = share_->progress();
    const TimePoint now = session_->now();
    session_->output().progress(to_progress(progress, rate_, now), now);
    if (last ? progress.bytes_done == told_bytes_ : now < next_event_) return;
    told_bytes_ = progress.bytes_done;
    next_event_ = now + kEventPeriod;
    session_->output().news({{"event", "indexing"},
                             {"path", progress.path},
                             {"bytes_done", progress.bytes_done},
                             {"bytes_total", progress.bytes_total},
                             {"rate", rate_.rate()}});
  }

  void tell_findable(const routing::Provided& provided) {
    auto& output = session_->output();
    told_peers_ += provided.peers;
    if (served_) served_->set_told_peers(told_peers_);
    output.news({{"event", "findable"}, {"where", provided.where}, {"peers", provided.peers}});
    output.news(fmt::format("`shoal get CID` finds it {} ({} {} told)", provided.where,
                            provided.peers, provided.peers == 1 ? "peer" : "peers"));
  }

  void offer_link() {
    // A link from --index-only names nobody: nobody serves it yet.
    std::vector<Multiaddr> addresses;
    if (!options_.index_only) addresses = session_->open_node().addresses();
    serving_->link = share_->link(addresses);
    if (!options_.index_only) {
      served_ = session_->open_node().tell_served(
          {.kind = "share", .link = serving_->link, .told_peers = told_peers_});
    }
    tell_serving(*session_, *serving_);
  }

  /// A relay has given a place, or is gone.
  void tell_better_link() {
    if (!share_) return;
    const service::Link before = serving_->link;
    const service::Link now = share_->link(session_->open_node().addresses());
    if (now.providers == before.providers) return;
    offer_link();
    const bool is_better = now.providers.size() >= before.providers.size();
    if (!is_better || !told_links_.insert(now.to_string()).second) return;
    session_->output().note("The link has got better; the one before works where it did:");
    session_->output().result(now.to_string());
  }

  void tell_link() {
    offer_link();
    const service::Link& link = serving_->link;
    told_links_.insert(link.to_string());
    name_ = link.filename;
    auto& output = session_->output();
    const std::uint64_t files = serving_->files.value_or(0);
    output.note(fmt::format("{}: {}, {} {}, indexed in {:.1f} s", for_terminal(link.filename),
                            format_size(serving_->bytes), files, files == 1 ? "file" : "files",
                            to_seconds(serving_->duration)));
    output.result(link.to_string());
    output.check_written();
    if (!options_.index_only) tell_how_to_get(link);
    if (!options_.index_only) {
      share_->announce([this](const routing::Provided& provided) { tell_findable(provided); });
    }
    if (output.interactive() && options_.qr_code) draw_code(link);
  }

  void tell_how_to_get(const service::Link& link) {
    session_->output().note(
        fmt::format("On the other machine, run (stop sharing with Ctrl-C):\n"
                    "  shoal get '{}'",
                    link.to_string()));
    tell_reach(link);
  }

  void tell_reach(const service::Link& link) {
    auto reach = service::Reach::this_machine;
    for (const auto& at : link.providers) reach = std::max(reach, service::reach_of(at));
    if (reach == service::Reach::anywhere) return;
    const bool here = reach == service::Reach::this_machine;
    session_->output().note(fmt::format(
        "This link works {} only. If a router forwards a port to this machine, name it with "
        "--announce; if a peer elsewhere relays for you, with --relay.",
        here ? "on this machine" : "inside this network"));
  }

  /// The last thing on the screen, above the progress line.
  void draw_code(const service::Link& link) {
    auto& output = session_->output();
    const std::size_t rows = terminal_height() - std::min(terminal_height(), kLinesBelowCode);
    const QrRoom room{.columns = terminal_width(), .rows = rows, .colored = output.colored()};
    for (const std::string& text : qr_texts(link)) {
      const std::string code = qr_code(text, room);
      if (!code.empty()) return output.drawing(code);
    }
    output.note("(in a larger window this shows the link as a QR code)");
  }

  Task<void> serve() {
    serving_since_ = session_->now();
    stall_.emplace(session_->options().timeout, session_->now(),
                   "no peer connected and nothing was sent");
    rate_ = {};
    return with_ticks(
        session_->system(), session_->output().progress_period(), [this] { tell_serving_on(); },
        wait_until_sent());
  }

  void tell_serving_on() {
    const TimePoint now = session_->now();
    const std::uint64_t sent = share_->bytes_sent() + share_->bytes_leaving();
    const std::uint64_t movement = sent + peers_->arrivals();
    if (std::exchange(moved_, movement) != movement) stall_->moved(now);
    stall_->check(now);
    tell_sending(session_->output(), *peers_, *share_, rate_, name_, now);
  }

  Task<void> wait_until_sent() {
    while (!options_.until_sent || share_->complete_downloads() < *options_.until_sent) {
      co_await sent_->wait();
    }
  }

  /// What came of it, however it ended.
  void tell_summary() {
    const std::uint64_t downloads = share_->complete_downloads();
    session_->output().news(fmt::format("{}: {} sent, {} complete {}, in {}", for_terminal(name_),
                                        format_size(share_->bytes_sent() + share_->bytes_leaving()),
                                        downloads, downloads == 1 ? "download" : "downloads",
                                        format_time(session_->now() - *serving_since_)));
  }

  void tell_missed(const std::string& path) {
    auto& output = session_->output();
    output.news({{"event", "missed"}, {"path", path}});
    if (output.json()) return;
    output.warning(path + " changed since it was shared; run share again for a new link");
  }

  const ShareOptions options_;
  Session* session_ = nullptr;
  std::optional<Serving> serving_;  // what was told of it last
  std::set<std::string> told_links_;
  std::unique_ptr<Event> sent_;
  std::unique_ptr<Event> addresses_changed_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<service::Share> share_;
  std::unique_ptr<node::RunningFile::Entry> served_;
  std::size_t told_peers_ = 0;
  std::unique_ptr<PeerWatch> peers_;
  std::string name_;
  std::optional<TimePoint> serving_since_;
  std::optional<Stall> stall_;
  std::uint64_t moved_ = 0;
  RateMeter rate_;
  TimePoint next_event_;
  std::optional<std::uint64_t> told_bytes_;  // by an event, while indexing
};

}  // namespace

std::unique_ptr<Command> make_share(ShareOptions options) {
  return std::make_unique<ShareCommand>(std::move(options));
}

}  // namespace shoal::cli
