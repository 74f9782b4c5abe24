#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace shoal {

/// A coroutine. Runs when awaited, on the executor of whoever awaits it; all protocol code of a
/// node runs on one executor, one step at a time. Cancellation arrives as
/// boost::system::system_error(operation_aborted) out of whatever is awaited.
template <class T = void>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

/// To be awaited before every wait that is not made of Waits: throws when the task has been
/// cancelled. From the first one on, a task that was cancelled meets that at its next wait, and not
/// at every co_await, so that it can still await what puts an end to its own doings.
Task<void> cancellation_point();

/// Whether `error` is how cancellation travels.
bool is_cancelled(const boost::system::system_error& error);

}  // namespace shoal
