#include "net/swarm/connection_trimmer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace shoal::net {

namespace {

constexpr Duration kTrimPause = 1s;
// Idle connections are looked for so many times within the idle timeout.
constexpr int kIdleLooks = 10;

}  // namespace

ConnectionTrimmer::ConnectionTrimmer(Clock& clock, ConnectionManager& manager,
                                     ConnectionTable& connections)
    : clock_(clock),
      manager_(manager),
      connections_(connections),
      tasks_(clock.waits(), "connection trimmer") {}

void ConnectionTrimmer::connection_added() {
  if (!std::exchange(ending_idle_, true)) tasks_.spawn(end_idle());
  if (above_high_mark() && !std::exchange(trimming_, true)) tasks_.spawn(trim_above_high_mark());
}

bool ConnectionTrimmer::above_high_mark() const {
  return connections_.counted() > manager_.marks().high;
}

Task<void> ConnectionTrimmer::trim_above_high_mark() {
  while (above_high_mark()) {
    end(manager_.excess(connections_.candidates(), clock_.now()), "more than the high mark");
    co_await clock_.sleep_for(kTrimPause);
  }
  manager_.excess(connections_.candidates(), clock_.now());  // so that it knows that this is over
  trimming_ = false;
}

Task<void> ConnectionTrimmer::end_idle() {
  const Duration pause = std::max<Duration>(manager_.marks().idle_timeout / kIdleLooks, 1s);
  while (connections_.size() > 0) {
    end(manager_.idle(connections_.candidates(), clock_.now()), "idle");
    co_await clock_.sleep_for(pause);
  }
  ending_idle_ = false;
}

void ConnectionTrimmer::end(const std::vector<ConnectionId>& ids, const char* why) {
  for (const ConnectionId id : ids) {
    Connection* connection = connections_.find(id);
    if (connection == nullptr) continue;
    log_debug("connection to {} ends: {}", connection->peer().short_name(), why);
    connections_.give_up_place(*connection);
    connection->shutdown();
  }
}

}  // namespace shoal::net
