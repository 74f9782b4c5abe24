#include "system/os/resolver.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace shoal::os {

namespace asio = boost::asio;

/// What the threads share with the resolver, and may outlive it with.
struct HostResolver::Desk {
  struct Question {
    std::function<void()> ask;
    Waits::Id waiter;
  };

  Desk(Waits& all_waits, asio::io_context& loop) : waits(&all_waits), context(&loop) {}

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Question> questions;
  Waits* waits;
  asio::io_context* context;  // null when the world has gone
  unsigned threads = 0;
  unsigned idle = 0;

  std::optional<Question> next() {
    std::unique_lock lock(mutex);
    ++idle;
    changed.wait(lock, [this] { return context == nullptr || !questions.empty(); });
    --idle;
    if (context == nullptr) return std::nullopt;
    Question question = std::move(questions.front());
    questions.pop_front();
    return question;
  }

  void answered(Waits::Id waiter) {
    const std::lock_guard lock(mutex);
    if (context == nullptr) return;
    asio::post(*context, [all = waits, waiter] { all->wake(waiter); });
  }

  static void serve(const std::shared_ptr<Desk>& self) {
    while (auto question = self->next()) {
      question->ask();
      const Waits::Id waiter = question->waiter;
      question.reset();  // the answer is the waiter's alone from here on
      self->answered(waiter);
    }
  }

  static void add(const std::shared_ptr<Desk>& self, Question question) {
    const std::lock_guard lock(self->mutex);
    if (self->context == nullptr) return;
    self->questions.push_back(std::move(question));
    if (self->idle < self->questions.size() && self->threads < kThreads) {
      ++self->threads;
      std::thread([self] { serve(self); }).detach();
    }
    self->changed.notify_one();
  }
};

HostResolver::HostResolver(Waits& waits, asio::io_context& context)
    : waits_(waits), desk_(std::make_shared<Desk>(waits, context)) {}

HostResolver::~HostResolver() {
  finish();
}

void HostResolver::finish() {
  std::deque<Desk::Question> forgotten;
  const std::lock_guard lock(desk_->mutex);
  desk_->context = nullptr;
  forgotten.swap(desk_->questions);
  desk_->changed.notify_all();
}

template <class T>
Task<T> HostResolver::ask(std::function<T()> question) {
  struct Answer {
    std::optional<T> value;
    std::exception_ptr failure;
  };
  {
    const std::lock_guard lock(desk_->mutex);
    if (desk_->questions.size() >= kMaxWaiting) {
      throw Error(ErrorCode::limit, "too many names are being looked up");
    }
  }
  // Shared, because the thread may still be at it when the caller has been cancelled.
  const auto answer = std::make_shared<Answer>();
  const auto ask = [answer, question = std::move(question)] {
    try {
      answer->value = question();
    } catch (...) {
      answer->failure = std::current_exception();
    }
  };
  co_await waits_.wait([&](Waits::Id waiter) { Desk::add(desk_, {.ask = ask, .waiter = waiter}); });
  if (answer->failure) std::rethrow_exception(answer->failure);
  co_return std::move(*answer->value);
}

template Task<std::vector<std::string>> HostResolver::ask(
    std::function<std::vector<std::string>()> question);

Task<std::vector<IpAddress>> HostResolver::addresses(std::string host) {
  return ask<std::vector<IpAddress>>([host] { return look_up_addresses(host); });
}

Task<std::vector<std::string>> HostResolver::texts(std::string name) {
  return ask<std::vector<std::string>>([name] { return look_up_texts(name); });
}

}  // namespace shoal::os
