#include "system/sim/offload.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace shoal::sim {

namespace asio = boost::asio;

Task<void> InlineOffload::run(Job job) {
  co_await cancellation_point();
  const bool late = faults_.fires("offload.late");
  const bool waits_in_line = late && std::exchange(next_waits_, !next_waits_);
  if (!waits_in_line) job();
  co_await pass(cost_ + (late ? kLate : Duration::zero()));
  if (waits_in_line) job();
}

Task<void> InlineOffload::pass(Duration duration) {
  // No cancellation slot is connected: what was offloaded is always waited for.
  const auto initiate = [this, duration](auto handler) {
    events_.at(clock_.now() + duration,
               [handler = std::move(handler)]() mutable { std::move(handler)(); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                       asio::use_awaitable);
}

}  // namespace shoal::sim
