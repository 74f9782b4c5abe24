#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <deque>
#include <set>

#include "base/display_text.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/patient_output.h"
#include "cli/peer_name.h"
#include "cli/stall.h"
#include "cli/terminal.h"
#include "cli/topic_text.h"
#include "service/topics.h"
#include "system/with_ticks.h"

namespace shoal::cli {

namespace {

/// Peers that came or went and are not told of yet; later ones are left out.
constexpr std::size_t kMaxUntold = 256;
constexpr Duration kStallCheck = 100ms;

/// Prints the messages of a topic as they come.
class SubCommand final : public Command {
 public:
  explicit SubCommand(SubOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    stdout_.emplace(session.system(), session.output());
    session.serve_dht();
    session.expect_signal();
    node::Node& node = session.start_node();
    topic_ =
        node.topics().open(options_.topic, {.signatures = policy_for(options_.unsigned_messages)});
    watching_ = topic_->when_peer([this](const PeerId& peer, bool joined) {
      if (untold_.size() < kMaxUntold) untold_.emplace_back(peer, joined);
    });
    stall_.emplace(session.options().timeout, session.now(), "no message");
    boost::json::array addresses;
    for (const auto& address : node.addresses()) addresses.emplace_back(address.to_string());
    co_await stdout_->event({{"event", "subscribed"},
                             {"topic", options_.topic},
                             {"peer_id", node.id().to_string()},
                             {"addresses", std::move(addresses)}});
    for (const PeerId& peer : topic_->peers()) untold_.emplace_back(peer, true);
    if (untold_.empty()) {
      session.output().note(fmt::format("waiting for others in {}", for_terminal(options_.topic)));
    }
    co_await with_ticks(session.system(), kStallCheck, [this] { tick(); }, print());
  }

  Task<void> stop() override {
    watching_.end();
    topic_.reset();
    co_return;
  }

 private:
  void tick() {
    if (PatientOutput::is_stuck()) {
      stall_->moved(session_->now());
    } else if (ever_met_) {
      stall_->check(session_->now());
    } else if (const auto limit = session_->options().timeout;
               limit && stall_->idle(session_->now()) >= *limit) {
      throw Error(ErrorCode::not_found, "nobody else is in this topic",
                  for_terminal(options_.topic), hint_for_strangers());
    }
  }

  Task<void> print() {
    bool read = true;
    while (read && !topic_->ended() && count_ != options_.count.value_or(count_ + 1)) {
      if (!untold_.empty()) {
        read = co_await tell_peer();
      } else if (topic_->missed() > told_missed_) {
        read = co_await tell_missed();
      } else if (const auto received = topic_->try_next()) {
        read = co_await tell_message(*received);
      } else {
        co_await topic_->wait();
      }
    }
  }

  Task<bool> tell_message(gossipsub::Received received) {
    ++count_;
    ever_met_ = true;
    stall_->moved(session_->now());
    if (session_->output().json()) co_return co_await stdout_->event(message_event(received));
    std::string text(as_text(received.data()));
    if (!options_.raw) text = (stdout_is_terminal() ? for_terminal(text) : text) + "\n";
    co_return co_await stdout_->write(std::move(text));
  }

  Task<bool> tell_peer() {
    const auto [peer, joined] = untold_.front();
    untold_.pop_front();
    ever_met_ = true;
    // Said twice when it came while the topic was opened.
    if (joined ? !here_.insert(peer).second : here_.erase(peer) == 0) co_return true;
    stall_->moved(session_->now());
    session_->output().news(fmt::format("{} {}", short_name(peer), joined ? "joined" : "left"));
    co_return co_await stdout_->event(
        {{"event", joined ? "joined" : "left"}, {"peer_id", peer.to_string()}});
  }

  Task<bool> tell_missed() {
    const std::uint64_t missed = topic_->missed() - std::exchange(told_missed_, topic_->missed());
    if (!session_->output().json()) {
      session_->output().warning(
          fmt::format("{} messages were lost: they came faster than they were read", missed));
    }
    co_return co_await stdout_->event(
        {{"event", "missed"}, {"topic", options_.topic}, {"count", missed}});
  }

  const SubOptions options_;
  Session* session_ = nullptr;
  std::optional<PatientOutput> stdout_;
  std::optional<Stall> stall_;
  std::unique_ptr<service::Topic> topic_;
  Subscription watching_;
  std::deque<std::pair<PeerId, bool>> untold_;
  std::set<PeerId> here_;
  std::uint64_t count_ = 0;
  std::uint64_t told_missed_ = 0;
  bool ever_met_ = false;
};

}  // namespace

std::unique_ptr<Command> make_sub(SubOptions options) {
  return std::make_unique<SubCommand>(std::move(options));
}

}  // namespace shoal::cli
