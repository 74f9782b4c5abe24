#include "protocol/ping/ping.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/path_watch.h"
#include "cli/peer_name.h"
#include "cli/peer_target.h"
#include "cli/units.h"

namespace shoal::cli {

namespace {

constexpr Duration kInterval = 1s;
constexpr Duration kPingPatience = 10s;

double to_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

struct RoundTrips {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  Duration least = Duration::max();
  Duration most{};
  Duration sum{};

  void add(Duration time) {
    ++received;
    least = std::min(least, time);
    most = std::max(most, time);
    sum += time;
  }
  Duration mean() const { return sum / static_cast<std::int64_t>(received); }
  double loss() const {
    if (sent == 0) return 0;
    return static_cast<double>(sent - received) / static_cast<double>(sent);
  }
};

class PingCommand final : public Command {
 public:
  PingCommand(PeerTarget target, std::optional<std::uint64_t> count)
      : target_(std::move(target)), count_(count) {}

  Task<void> run(Session& session) override {
    session_ = &session;
    session.start_node();
    co_await open();
    if (!count_) session.expect_signal();
    connected_ = true;
    paths_.emplace(session.open_node(), session.output());
    for (std::uint64_t number = 1; !count_ || number <= *count_; ++number) {
      if (number > 1) co_await session.system().clock.sleep_for(kInterval);
      co_await ping_once(number);
    }
    if (trips_.received == 0) {
      throw Error(ErrorCode::timeout, "no ping was answered", target_.peer.to_string());
    }
  }

  /// The summary comes whatever ended the pings.
  Task<void> stop() override {
    pinger_.reset();
    paths_.reset();
    if (connected_) tell_summary();
    co_return;
  }

 private:
  Task<void> open() {
    node::Node& node = session_->open_node();
    co_await reach(*session_, node, target_);
    pinger_ = std::make_unique<ping::Pinger>(session_->system(), node.swarm());
    co_await pinger_->open(target_.peer);
    const auto* connection = node.swarm().best(target_.peer);
    if (connection == nullptr) co_return;
    path_ = net::name_of(connection->path());
    via_ = relay_in(connection->remote());
    connection_ = connection->id();
  }

  Task<void> ping_once(std::uint64_t number) {
    ++trips_.sent;
    std::string reason;
    try {
      // It may have become a better one.
      const auto* best = session_->open_node().swarm().best(target_.peer);
      if (pinger_ && best != nullptr && best->id() != connection_) pinger_.reset();
      if (!pinger_) co_await open();
      const Duration time =
          co_await pinger_->ping(session_->options().timeout.value_or(kPingPatience));
      trips_.add(time);
      tell_answer(number, time);
      co_return;
    } catch (const Error& error) {
      reason = error.what();
    }
    pinger_.reset();  // its stream is of no more use
    session_->output().event({{"event", "ping"}, {"seq", number}, {"ms", nullptr}});
    session_->output().result(fmt::format("{}: lost ({})", number, reason));
  }

  void tell_answer(std::uint64_t number, Duration time) {
    auto& output = session_->output();
    output.event({{"event", "ping"}, {"seq", number}, {"ms", to_milliseconds(time)}});
    output.result(fmt::format("{}: {:.3f} ms", number, to_milliseconds(time)));
  }

  void tell_summary() {
    auto& output = session_->output();
    boost::json::object summary = {{"event", "summary"},    {"peer_id", target_.peer.to_string()},
                                   {"sent", trips_.sent},   {"received", trips_.received},
                                   {"loss", trips_.loss()}, {"min_ms", nullptr},
                                   {"avg_ms", nullptr},     {"max_ms", nullptr},
                                   {"path", path_}};
    const std::string path = via_ ? path_ + " by " + short_name(*via_) : path_;
    std::string text = fmt::format("{} of {} answered, {:.0f} % lost, path {}", trips_.received,
                                   trips_.sent, trips_.loss() * 100, path);
    if (trips_.received > 0) {
      summary["min_ms"] = to_milliseconds(trips_.least);
      summary["avg_ms"] = to_milliseconds(trips_.mean());
      summary["max_ms"] = to_milliseconds(trips_.most);
      text += fmt::format(", min/avg/max {:.3f}/{:.3f}/{:.3f} ms", to_milliseconds(trips_.least),
                          to_milliseconds(trips_.mean()), to_milliseconds(trips_.most));
    }
    output.event(summary);
    output.result(text);
  }

  const PeerTarget target_;
  const std::optional<std::uint64_t> count_;
  Session* session_ = nullptr;
  std::unique_ptr<ping::Pinger> pinger_;
  RoundTrips trips_;
  std::string path_;
  std::optional<PeerId> via_;
  net::ConnectionId connection_ = 0;  // whose stream the pings take
  std::optional<PathWatch> paths_;
  bool connected_ = false;
};

}  // namespace

std::unique_ptr<Command> make_ping(const std::string& peer, std::optional<std::uint64_t> count) {
  return std::make_unique<PingCommand>(parse_peer_target(peer), count);
}

}  // namespace shoal::cli
