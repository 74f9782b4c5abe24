#pragma once

#include <chrono>

namespace shoal::os {

/// So long after the first signal another is taken for the same one: timeout(1), and whoever else
/// signals a process and then its group, sends two at once.
inline constexpr std::chrono::milliseconds kSameSignal{50};

/// Takes the next SIGINT or SIGTERM of the process for its life. Once one has come, another still
/// ends the process, whatever that hangs in, but not within kSameSignal; also when this one is
/// gone. When none has come, both get their own way back. One at a time.
class OneSignal {
 public:
  /// Throws Error{failed} when the process has no descriptor left.
  OneSignal();
  ~OneSignal();
  OneSignal(const OneSignal&) = delete;
  OneSignal& operator=(const OneSignal&) = delete;

  /// Of a file that can be read when one has come; a copy, which is the caller's to close.
  int descriptor() const;
  /// 0 while none has come.
  int number() const;
};

}  // namespace shoal::os
