#include <fmt/format.h>

#include "base/display_text.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/standard_lines.h"
#include "cli/terminal.h"
#include "cli/topic_text.h"
#include "service/topics.h"
#include "system/timeout.h"

namespace shoal::cli {

namespace {

/// The first peer is seldom the only one: others are on their way.
constexpr Duration kSettle = 250ms;
/// After how long a wait gets a word.
constexpr Duration kWorthAWord = 1s;
/// Messages, and bytes, that are under way before peers have confirmed them.
constexpr std::size_t kMessagesAtOnce = 256;
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20;

/// Publishes what comes from stdin.
class PubCommand final : public Command {
 public:
  explicit PubCommand(PubOptions options) : options_(std::move(options)) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    node::Node& node = session.start_node();
    topic_ = node.topics().open(
        options_.topic, {.subscribe = false, .signatures = policy_for(options_.unsigned_messages)});
    StandardLines input(session.system());
    if (stdin_is_terminal()) session.output().note("a message a line; end with Ctrl-D");
    if (options_.whole) {
      Bytes message = co_await input.rest();
      co_await publish(std::move(message));
    } else {
      while (auto line = co_await input.next_line()) co_await publish(std::move(*line));
    }
    co_await confirm();
    session.output().note(fmt::format("{} {} published; {} {} it", count_,
                                      count_ == 1 ? "message" : "messages", confirmed_,
                                      confirmed_ == 1 ? "peer has" : "peers have"));
  }

  Task<void> stop() override {
    topic_.reset();
    co_return;
  }

 private:
  Task<void> publish(Bytes message) {
    co_await wait_for_somebody();
    const std::size_t size = message.size();
    gossipsub::MessageId id;
    try {
      id = co_await topic_->publish(std::move(message));
    } catch (const Error& error) {
      // Without signatures equal messages are one, which is there already.
      if (error.code() != ErrorCode::exists) throw;
      co_return;
    }
    ++count_;
    ++unconfirmed_;
    unconfirmed_bytes_ += size;
    session_->output().event({{"event", "published"},
                              {"topic", options_.topic},
                              {"id", id_text(id)},
                              {"peers", topic_->peers().size()}});
    if (unconfirmed_ >= kMessagesAtOnce || unconfirmed_bytes_ >= kBytesAtOnce) co_await confirm();
  }

  Task<void> confirm() {
    if (unconfirmed_ == 0) co_return;
    confirmed_ = co_await topic_->confirm();
    if (confirmed_ == 0) {
      throw Error(ErrorCode::not_found, "everybody left before the message arrived",
                  for_terminal(options_.topic));
    }
    unconfirmed_ = 0;
    unconfirmed_bytes_ = 0;
  }

  Task<void> wait_for_somebody() {
    if (!topic_->peers().empty()) co_return;
    const TimePoint begin = session_->now();
    const auto limit = session_->options().timeout;
    bool told = false;
    while (topic_->peers().empty()) {
      const Duration waited = session_->now() - begin;
      if (limit && waited >= *limit) {
        throw Error(ErrorCode::not_found, "nobody is in this topic", for_terminal(options_.topic),
                    hint_for_strangers());
      }
      if (waited >= kWorthAWord && !std::exchange(told, true)) tell_waiting();
      Duration most = told ? Duration(1h) : kWorthAWord - waited;
      if (limit) most = std::min(most, *limit - waited);
      try {
        co_await within(session_->system().clock, most, topic_->wait(), "somebody to join");
      } catch (const Error& error) {
        if (error.code() != ErrorCode::timeout) throw;
      }
    }
    co_await session_->system().clock.sleep_for(kSettle);
  }

  void tell_waiting() {
    const std::string detail = "somebody in " + options_.topic;
    session_->output().event({{"event", "waiting"}, {"for", "peers"}, {"detail", detail}});
    session_->output().note("waiting for " + for_terminal(detail));
  }

  const PubOptions options_;
  Session* session_ = nullptr;
  std::unique_ptr<service::Topic> topic_;
  std::uint64_t count_ = 0;
  std::size_t unconfirmed_ = 0;
  std::size_t unconfirmed_bytes_ = 0;
  std::size_t confirmed_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_pub(PubOptions options) {
  return std::make_unique<PubCommand>(std::move(options));
}

}  // namespace shoal::cli
