#include "protocol/kad/reprovider.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::kad {

namespace {

// Content that is added meanwhile may be due earlier.
constexpr Duration kLongestSleep = 1min;

}  // namespace

Reprovider::Reprovider(LookupContext& context, Publisher& publisher)
    : context_(context),
      publisher_(publisher),
      schedule_(context.system.clock.wall_now()),
      told_(context.system.waits),
      tasks_(context.system.waits, "DHT reprovider") {}

void Reprovider::restore(ByteView saved) {
  try {
    schedule_ = ReprovideSchedule::resume(saved, now());
  } catch (const Error& error) {
    log_warning("what is announced begins anew: {}", error.what());
  }
}

void Reprovider::start() {
  tasks_.spawn(run());
}

void Reprovider::add(const Multihash& content) {
  schedule_.add(content);
}

Task<void> Reprovider::run() {
  while (true) {
    const std::optional<Multihash> due = schedule_.next(now());
    if (!due) {
      co_await wait_until_due();
      continue;
    }
    const bool found = co_await announce_region(*due);
    if (!found) co_await context_.system.clock.sleep_for(kRetryDelay);
  }
}

Task<void> Reprovider::wait_until_due() {
  const std::optional<WallTime> due = schedule_.next_due(now());
  const Duration wait = due ? *due - now() : kLongestSleep;
  co_await context_.system.clock.sleep_for(std::clamp(wait, Duration(1ms), kLongestSleep));
}

Task<bool> Reprovider::announce_region(Multihash content) {
  Finder finder(context_);
  const Closest closest = co_await finder.find_closest(to_bytes(content.encoded()));
  ++lookups_;
  if (closest.peers.empty()) co_return false;
  for (Announcement& one : schedule_.looked_up(content, closest.peers, now())) {
    while (telling_ >= kMaxTold) co_await told_.wait();
    ++telling_;
    tasks_.spawn(tell(std::move(one)));
  }
  co_return true;
}

Task<void> Reprovider::tell(Announcement announcement) {
  co_await publisher_.announce(std::move(announcement.peer), std::move(announcement.contents));
  --telling_;
  told_.notify_all();
}

}  // namespace shoal::kad
