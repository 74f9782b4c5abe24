#include "system/sim/offload.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace shoal::sim {

namespace asio = boost::asio;

Task<void> InlineOffload::run(Job job) {
  job();
  // No cancellation slot is connected: what was offloaded is always waited for.
  const Duration late = faults_.strikes("offload.late") ? kLate : Duration::zero();
  const auto initiate = [this, late](auto handler) {
    events_.at(clock_.now() + cost_ + late,
               [handler = std::move(handler)]() mutable { std::move(handler)(); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                       asio::use_awaitable);
}

}  // namespace shoal::sim
