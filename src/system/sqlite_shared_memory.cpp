#include "system/sqlite_shared_memory.h"

namespace shoal {

namespace {

/// The locks from this one on are those of snapshots other than the whole database
/// (WAL_READ_LOCK(1) and more). They are held exclusively for a few instructions only, so that
/// whoever meets one looks again: SQLite itself would sleep, and fail after a hundred attempts.
constexpr int kFirstSnapshotLock = 4;
constexpr int kMostAttempts = 1'000'000;

std::uint32_t mask_of(int first, int count) {
  return ((1U << count) - 1) << first;
}

}  // namespace

void SqliteSharedMemory::join() {
  const std::lock_guard guard(mutex_);
  ++users_;
}

void SqliteSharedMemory::leave(Held& held) {
  unlock(held, 0, kLocks);
  const std::lock_guard guard(mutex_);
  if (--users_ == 0) parts_.clear();
}

void* SqliteSharedMemory::part(std::size_t number, std::size_t bytes, bool make) {
  const std::lock_guard guard(mutex_);
  while (make && parts_.size() <= number) parts_.push_back(std::make_unique<std::uint8_t[]>(bytes));
  return number < parts_.size() ? parts_[number].get() : nullptr;
}

bool SqliteSharedMemory::lock(Held& held, int first, int count, bool exclusive) {
  const std::uint32_t mask = mask_of(first, count);
  const int attempts = !exclusive && first >= kFirstSnapshotLock ? kMostAttempts : 1;
  for (int i = 0; i < attempts; ++i) {
    if (try_lock(held, mask, exclusive)) return true;
  }
  return false;
}

bool SqliteSharedMemory::try_lock(Held& held, std::uint32_t mask, bool exclusive) {
  const std::lock_guard guard(mutex_);
  if ((exclusive_ & mask & ~held.exclusive) != 0) return false;
  for (std::size_t i = 0; i < kLocks; ++i) {
    const std::uint32_t bit = 1U << i;
    const std::size_t mine = (held.shared & bit) != 0 ? 1 : 0;
    if (exclusive && (mask & bit) != 0 && shared_[i] > mine) return false;
  }
  if (exclusive) {
    exclusive_ |= mask;
    held.exclusive |= mask;
    return true;
  }
  for (std::size_t i = 0; i < kLocks; ++i) {
    if ((mask & ~held.shared & (1U << i)) != 0) ++shared_[i];
  }
  held.shared |= mask;
  return true;
}

void SqliteSharedMemory::unlock(Held& held, int first, int count) {
  const std::lock_guard guard(mutex_);
  const std::uint32_t mask = mask_of(first, count);
  for (std::size_t i = 0; i < kLocks; ++i) {
    if ((mask & held.shared & (1U << i)) != 0) --shared_[i];
  }
  exclusive_ &= ~(mask & held.exclusive);
  held.shared &= ~mask;
  held.exclusive &= ~mask;
}

}  // namespace shoal
