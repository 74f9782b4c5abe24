#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <functional>
#include <utility>
#include <vector>

namespace shoal::sim {

/// What is ready to run in a world: steps, first in, first out.
class RunQueue : public boost::asio::execution_context {
 public:
  using Step = std::move_only_function<void()>;
  class Executor;

  ~RunQueue() {
    clear();
    shutdown();
    destroy();
  }

  Executor executor();

  void push(Step step) { arrived_.push_back(std::move(step)); }
  bool empty() const { return next_ == current_.size() && arrived_.empty(); }
  /// Whether a step is being run at this moment.
  bool running() const { return running_; }

  /// Runs the oldest step. There must be one.
  void run_one() {
    if (next_ == current_.size()) {
      current_.clear();
      next_ = 0;
      current_.swap(arrived_);
    }
    Step step = std::move(current_[next_++]);
    const Inside inside(running_);
    step();
  }

  /// Drops all steps without running them.
  void clear() {
    while (!empty()) {
      const std::vector<Step> current = std::exchange(current_, {});
      next_ = 0;
      const std::vector<Step> arrived = std::exchange(arrived_, {});
    }
  }

 private:
  class Inside {
   public:
    explicit Inside(bool& running) : running_(running), before_(std::exchange(running, true)) {}
    ~Inside() { running_ = before_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    bool& running_;
    bool before_;
  };

  std::vector<Step> current_;
  std::size_t next_ = 0;
  std::vector<Step> arrived_;
  bool running_ = false;
};

/// Behaves as io_context's executor does: `dispatch` from within a step runs at once, `post` later.
class RunQueue::Executor {
  using blocking_t = boost::asio::execution::blocking_t;
  using outstanding_work_t = boost::asio::execution::outstanding_work_t;
  using relationship_t = boost::asio::execution::relationship_t;

 public:
  explicit Executor(RunQueue& queue, bool at_once = true) : queue_(&queue), at_once_(at_once) {}

  template <class Function>
  void execute(Function&& function) const {
    if (at_once_ && queue_->running()) {
      std::decay_t<Function> local(std::forward<Function>(function));
      local();
    } else {
      queue_->push(std::forward<Function>(function));
    }
  }

  RunQueue& query(boost::asio::execution::context_t) const noexcept { return *queue_; }
  static constexpr boost::asio::execution::mapping_t query(
      boost::asio::execution::mapping_t) noexcept {
    return boost::asio::execution::mapping.thread;
  }
  blocking_t query(blocking_t) const noexcept {
    return at_once_ ? blocking_t(blocking_t::possibly) : blocking_t(blocking_t::never);
  }
  static constexpr outstanding_work_t query(outstanding_work_t) noexcept {
    return boost::asio::execution::outstanding_work.untracked;
  }
  static constexpr relationship_t query(relationship_t) noexcept {
    return boost::asio::execution::relationship.fork;
  }

  Executor require(blocking_t::possibly_t) const { return Executor(*queue_, true); }
  Executor require(blocking_t::never_t) const { return Executor(*queue_, false); }
  // The world knows by itself what is left to do, and has one thread.
  Executor require(outstanding_work_t::tracked_t) const { return *this; }
  Executor require(outstanding_work_t::untracked_t) const { return *this; }
  Executor require(relationship_t::fork_t) const { return *this; }
  Executor require(relationship_t::continuation_t) const { return *this; }

  bool operator==(const Executor&) const noexcept = default;

 private:
  RunQueue* queue_;
  bool at_once_;
};

inline RunQueue::Executor RunQueue::executor() {
  return Executor(*this);
}

}  // namespace shoal::sim
