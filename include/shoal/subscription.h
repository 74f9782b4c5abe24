#pragma once

#include <functional>
#include <utility>

#include <shoal/compiler.h>

namespace shoal {

/// A callback that is registered somewhere, for as long as this lives: keep it beside what the
/// callback uses. May outlive what it is registered with.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::function<void()> unsubscribe) : unsubscribe_(std::move(unsubscribe)) {}
  Subscription(Subscription&& other) noexcept
      : unsubscribe_(std::exchange(other.unsubscribe_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      end();
      unsubscribe_ = std::exchange(other.unsubscribe_, nullptr);
    }
    return *this;
  }
  ~Subscription() { end(); }

  /// After its return the callback is not called any more. From any thread: one of a Node waits on
  /// another thread than the node's until a call that is under way has returned, so no lock may be
  /// held that the callback takes. Again: does nothing.
  void end() noexcept {
    if (const auto unsubscribe = std::exchange(unsubscribe_, nullptr)) unsubscribe();
  }

 private:
  std::function<void()> unsubscribe_;
};

}  // namespace shoal
