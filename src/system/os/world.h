#pragma once

#include <memory>
#include <string>

#include "system/system.h"

namespace shoal::os {

struct WorldOptions {
  /// 0: as many as the machine has processors, and at least two.
  unsigned offload_threads = 0;
  /// The wall clock is so far ahead of the machine's: a test's files were all written long ago.
  Duration wall_ahead{};
  /// A file to which turns that hold the event loop up are added (LoopWatch); empty: none.
  std::string loop_watch{};
};

/// The real world: one event loop, the machine's clock, sockets, files and a pool of threads.
/// Everything of it but stop() is for one thread.
///
/// A world that is destroyed waits for the pool's jobs under way and frees every coroutine that is
/// still suspended, without running it on.
class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  System& system();

  /// Runs the event loop until stop().
  void run();
  /// Runs it until `main` has ended, or stop(); throws what leaves `main`.
  void run(Task<void> main);
  /// Lets run() return soon. From any thread.
  void stop();

  /// The number of the next SIGINT or SIGTERM, which do not end the process meanwhile. From 50 ms
  /// after it on they do again: a second one ends it at once, even when the event loop hangs. One
  /// wait at a time in a process. Cancellable.
  Task<int> wait_for_signal();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shoal::os
