#include "system/waits.h"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace shoal {

namespace asio = boost::asio;

namespace {

std::uint32_t slot_of(Waits::Id id) {
  return static_cast<std::uint32_t>(id);
}

std::uint32_t generation_of(Waits::Id id) {
  return static_cast<std::uint32_t>(id >> 32);
}

void throw_if(const asio::cancellation_state& cancelled) {
  if (cancelled.cancelled() == asio::cancellation_type::none) return;
  throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace

bool is_cancelled(const boost::system::system_error& error) {
  return error.code() == asio::error::operation_aborted;
}

Task<void> cancellation_point() {
  co_await asio::this_coro::throw_if_cancelled(false);
  throw_if(co_await asio::this_coro::cancellation_state);
}

Task<void> Waits::wait_uncancellable(std::function<void(Id)> begun) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto initiate = [this, &begun](auto handler) {
    begun(add([handler = std::move(handler)](boost::system::error_code result) mutable {
      std::move(handler)(result);
    }));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(
      initiate, asio::use_awaitable);
}

Task<void> Waits::wait(std::function<void(Id)> begun) {
  // As cancellation_point(), without a frame of its own: nothing is awaited more often.
  co_await asio::this_coro::throw_if_cancelled(false);
  throw_if(co_await asio::this_coro::cancellation_state);
  const auto initiate = [this, &begun](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const Id id = add([handler = std::move(handler)](boost::system::error_code result) mutable {
      std::move(handler)(result);
    });
    if (slot.is_connected()) {
      slot.assign(
          [this, id](asio::cancellation_type) { finish(id, asio::error::operation_aborted); });
    }
    begun(id);
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(
      initiate, asio::use_awaitable);
}

bool Waits::has(Id id) const {
  const std::uint32_t index = slot_of(id);
  return index < slots_.size() && slots_[index].generation == generation_of(id) &&
         slots_[index].resume != nullptr;
}

bool Waits::wake(Id id) {
  return finish(id, {});
}

bool Waits::finish(Id id, boost::system::error_code result) {
  Resume resume = remove(id);
  if (!resume) return false;
  asio::post(executor_, [resume = std::move(resume), result]() mutable { resume(result); });
  return true;
}

Waits::Id Waits::add(Resume resume) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  slots_[index].resume = std::move(resume);
  ++size_;
  return static_cast<Id>(slots_[index].generation) << 32 | index;
}

Waits::Resume Waits::remove(Id id) {
  const std::uint32_t index = slot_of(id);
  if (index >= slots_.size() || slots_[index].generation != generation_of(id)) return {};
  Slot& slot = slots_[index];
  ++slot.generation;
  free_.push_back(index);
  --size_;
  return std::exchange(slot.resume, nullptr);
}

void Waits::clear() {
  ending_ = true;
  // A frame that is freed may end other waits, so the table is emptied one entry at a time.
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].resume) continue;
    const Resume last = remove(static_cast<Id>(slots_[i].generation) << 32 | i);
  }
}

}  // namespace shoal
