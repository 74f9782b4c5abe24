#pragma once

#include <functional>
#include <memory>

#include "system/os/world.h"

namespace shoal::os {

/// A real world that runs on a thread of its own, for programs whose own threads have no event
/// loop.
class WorldThread {
 public:
  using Step = std::move_only_function<void()>;

  WorldThread();
  /// Runs the steps that were posted, ends the loop and awaits the thread; not on that thread.
  ~WorldThread();
  WorldThread(const WorldThread&) = delete;
  WorldThread& operator=(const WorldThread&) = delete;

  /// For use on the thread.
  World& world();
  /// Whether the caller is on the thread.
  bool inside() const;
  /// Runs `step` on the thread, soon. From any thread. False when end() has begun: `step` is then
  /// dropped. It must not throw.
  bool post(Step step);
  /// What the destructor does, but for the world, which lives on. Again: does nothing.
  void end();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shoal::os
