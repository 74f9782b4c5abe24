#include <shoal/job.h>

#include <utility>

#include "library/job_core.h"

namespace shoal {

namespace library {

void JobCore::end(std::exception_ptr with) {
  failure = std::move(with);
  ended = true;
  ended.notify_all();
  gone.notify_all();
}

namespace {

/// To be told of: cancelling was asked for.
bool is_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Cancelled&) {
    return false;
  } catch (...) {
    return true;
  }
}

}  // namespace

JobCore::~JobCore() {
  if (!failure || handed_over || !is_failure(failure)) return;
  // Moved along, so that one thread alone has the exception at any time.
  const auto error = std::make_shared<UncaughtError>(UncaughtError{.where = "a job",
                                                                   .protocol = {},
                                                                   .peer_id = {},
                                                                   .exception = std::move(failure),
                                                                   .message = {}});
  if (!loop->on_thread()) {
    if (loop->post([to = uncaught, error] { to->report(std::move(*error)); })) return;
  }
  uncaught->report(std::move(*error));
}

void JobCore::hand_over() {
  handed_over = true;
  if (failure) std::rethrow_exception(failure);
}

namespace {

Task<void> wait_until_gone(std::shared_ptr<JobCore> job) {
  while (!job->ended) co_await job->gone.wait();
}

Async<void> joined(std::shared_ptr<JobCore> job) {
  // Where it has ended there may be no loop left to wait on.
  if (!job->ended) co_await wait_for(*job->loop, wait_until_gone(job));
  job->hand_over();
}

}  // namespace

}  // namespace library

void Job::cancel() {
  if (core_->ended) return;
  // At the end of the loop the job has ended as well.
  core_->loop->post([core = core_] {
    if (!core->ended) core->scope.cancel();
  });
}

bool Job::ended() const {
  return core_->ended;
}

void Job::wait() {
  if (!core_->ended) {
    if (core_->loop->inside()) {
      throw Error(ErrorCode::usage, "a coroutine waits for a job by co_await job.joined()");
    }
    core_->loop->block_until(core_->ended);
  }
  core_->hand_over();
}

Async<void> Job::joined() {
  return library::joined(core_);
}

}  // namespace shoal
