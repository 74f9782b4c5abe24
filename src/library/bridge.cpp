#include "library/bridge.h"

#include <boost/asio/error.hpp>

#include "system/event.h"

namespace shoal::library {

namespace asio = boost::asio;

namespace {

/// The outermost coroutine of a scope: nobody awaits it.
class Root {
 public:
  struct promise_type : detail::PromiseBase {
    Root get_return_object() {
      return Root(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };

  explicit Root(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  ~Root() { handle_.destroy(); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  void start(detail::Scope& scope) {
    handle_.promise().scope = &scope;
    handle_.resume();
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

struct End {
  explicit End(Waits& waits) : reached(waits) {}
  bool done = false;
  std::exception_ptr failure;
  Event reached;
};

Root watch(Async<void> work, End& end) {
  try {
    co_await std::move(work);
  } catch (...) {
    end.failure = std::current_exception();
  }
  end.done = true;
  end.reached.notify_all();
}

[[noreturn]] void rethrow_to_task(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const Cancelled&) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

}  // namespace

Task<void> run_in(detail::Scope& scope, Async<void> work) {
  End end(scope.loop().system().waits);
  Root root = watch(std::move(work), end);
  root.start(scope);
  try {
    while (!end.done) co_await end.reached.wait();
  } catch (const boost::system::system_error&) {
    scope.cancel();
  }
  while (!end.done) co_await end.reached.wait_uncancellable();
  if (end.failure) rethrow_to_task(end.failure);
}

Task<void> run_async(Loop& loop, Async<void> work) {
  detail::Scope scope(loop);
  co_await run_in(scope, std::move(work));
}

void rethrow_to_user(std::exception_ptr failure) {
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const boost::system::system_error& error) {
    if (is_cancelled(error)) throw Cancelled();
    throw Error(ErrorCode::failed, error.what());
  }
}

bool WaitForTask::begin(detail::Scope& scope, std::coroutine_handle<> caller) {
  if (&scope.loop().world() != &loop_.world()) {
    throw Error(ErrorCode::usage, "awaited on the loop of another node");
  }
  if (scope.cancelled()) throw Cancelled();
  scope_ = &scope;
  caller_ = caller;
  signal_ = std::make_shared<asio::cancellation_signal>();
  scope.begin(*this);
  // A task that ends at once does so within co_spawn; then the caller goes on from here, for
  // otherwise each of them would leave a frame on the stack.
  starting_ = true;
  auto completion = [this, signal = signal_](std::exception_ptr error) { ended(std::move(error)); };
  asio::co_spawn(loop_.system().executor(), std::move(task_),
                 asio::bind_cancellation_slot(signal_->slot(), std::move(completion)));
  starting_ = false;
  return !ended_;
}

void WaitForTask::ended(std::exception_ptr failure) {
  scope_->end();
  failure_ = std::move(failure);
  ended_ = true;
  // May free this.
  if (!starting_) caller_.resume();
}

void WaitForTask::cancel() {
  signal_->emit(asio::cancellation_type::terminal);
}

}  // namespace shoal::library
