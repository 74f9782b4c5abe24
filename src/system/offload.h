#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "system/task.h"

namespace shoal {

/// Work that would hold up the event loop: hashing, signatures, disk. In the real world a pool of
/// threads; in the simulator the same step, its modelled time passing afterwards.
class Offload {
 public:
  using Job = std::move_only_function<void()>;
  virtual ~Offload() = default;

  /// Runs `job` elsewhere and returns afterwards. For a caller that was cancelled before, throws
  /// operation_aborted without beginning it; once begun it is waited for, since the job may use
  /// what the caller owns. The job must not throw; use offload().
  virtual Task<void> run(Job job) = 0;

  /// How many jobs can run at once: a bound for read-ahead, never a factor of what is computed.
  virtual unsigned parallelism() const = 0;
};

/// Runs `work()` on the pool and hands back what it returns or throws.
template <class Work>
Task<std::invoke_result_t<Work>> offload(Offload& pool, Work work) {
  using Result = std::invoke_result_t<Work>;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<Result>) {
    co_await pool.run([&work, &failure] {
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<Result> result;
    co_await pool.run([&work, &failure, &result] {
      try {
        result.emplace(work());
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*result);
  }
}

}  // namespace shoal
