#pragma once

#include <shoal/uncaught.h>

#include <memory>
#include <string>
#include <utility>

namespace shoal::library {

/// Where exceptions of a node's users go that nobody awaits: to their hook, else to the log.
class Uncaught {
 public:
  explicit Uncaught(ErrorHook hook) : hook_(std::move(hook)) {}

  /// `exception` is set. From any thread.
  void report(UncaughtError error) const noexcept;
  /// For the catch (...) around a callback of the user's.
  void report_current(std::string callback) const noexcept;

 private:
  const ErrorHook hook_;
};

using UncaughtPtr = std::shared_ptr<const Uncaught>;

/// Never throws: what `callback` throws is reported under that name.
template <class... Args>
std::function<void(Args...)> reporting(UncaughtPtr uncaught, std::string name,
                                       std::function<void(Args...)> callback) {
  return [uncaught = std::move(uncaught), name = std::move(name),
          callback = std::move(callback)](Args... args) {
    try {
      callback(args...);
    } catch (...) {
      uncaught->report_current(name);
    }
  };
}

}  // namespace shoal::library
