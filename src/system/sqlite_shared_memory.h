#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace shoal {

/// The index of a WAL, which the connections to one database share, and its locks: what SQLite
/// keeps in a file beside the database where several processes use it. Here they all belong to one
/// process, on any of its threads. See https://sqlite.org/walformat.html, sections 2 and 3.
class SqliteSharedMemory {
 public:
  static constexpr int kLocks = 8;

  /// What one connection holds, a bit for each lock.
  struct Held {
    std::uint32_t shared = 0;
    std::uint32_t exclusive = 0;
  };

  void join();
  /// Lets go of all that is held. What is in the memory goes with the last one.
  void leave(Held& held);

  /// Part `number`, of `bytes` bytes, zero at first; it stays where it is while anybody uses the
  /// memory. Null when it is not there and not to be made.
  void* part(std::size_t number, std::size_t bytes, bool make);

  /// Takes `count` locks from `first` on, all or none; false when another connection is in the way.
  bool lock(Held& held, int first, int count, bool exclusive);
  void unlock(Held& held, int first, int count);

 private:
  bool try_lock(Held& held, std::uint32_t mask, bool exclusive);

  std::mutex mutex_;
  std::size_t users_ = 0;
  std::vector<std::unique_ptr<std::uint8_t[]>> parts_;
  std::array<std::size_t, kLocks> shared_{};  // how many connections hold it
  std::uint32_t exclusive_ = 0;               // a bit for each lock
};

}  // namespace shoal
