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

Task<void> wait_until_gone(std::shared_ptr<JobCore> job) {
  while (!job->ended) co_await job->gone.wait();
  if (job->failure) std::rethrow_exception(job->failure);
}

Async<void> joined(std::shared_ptr<JobCore> job) {
  // Where it has ended there may be no loop left to wait on.
  if (!job->ended) co_await wait_for(*job->loop, wait_until_gone(job));
  if (job->failure) std::rethrow_exception(job->failure);
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
  if (core_->failure) std::rethrow_exception(core_->failure);
}

Async<void> Job::joined() {
  return library::joined(core_);
}

}  // namespace shoal
