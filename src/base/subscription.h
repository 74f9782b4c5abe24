#pragma once

// shoal::Subscription is public: its one definition is among the headers that other programs
// include.
#include <shoal/subscription.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace shoal {

/// Callbacks of any number of subscribers, called in the order in which they came. One thread.
template <class... Args>
class Subscribers {
 public:
  using Callback = std::function<void(Args...)>;

  Subscription add(Callback callback) {
    const std::uint64_t id = next_id_++;
    callbacks_->emplace(id, std::make_shared<Callback>(std::move(callback)));
    return Subscription([id, weak = std::weak_ptr(callbacks_)] {
      if (const auto callbacks = weak.lock()) callbacks->erase(id);
    });
  }

  bool empty() const { return callbacks_->empty(); }

  /// A callback may subscribe others, end subscriptions, its own too, and destroy this. Those that
  /// come meanwhile are called as well.
  void notify(Args... args) const {
    const std::shared_ptr<const Callbacks> callbacks = callbacks_;
    for (auto at = callbacks->begin(); at != callbacks->end();) {
      const std::uint64_t id = at->first;
      const std::shared_ptr<Callback> callback = at->second;
      (*callback)(args...);
      at = callbacks->upper_bound(id);
    }
  }

 private:
  using Callbacks = std::map<std::uint64_t, std::shared_ptr<Callback>>;
  std::shared_ptr<Callbacks> callbacks_ = std::make_shared<Callbacks>();
  std::uint64_t next_id_ = 0;
};

}  // namespace shoal
