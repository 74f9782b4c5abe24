#pragma once

#include <cstddef>
#include <optional>

#include "protocol/kad/publisher.h"
#include "protocol/kad/reprovide.h"
#include "system/event.h"
#include "system/task_group.h"

namespace shoal::kad {

/// Carries out a ReprovideSchedule: one lookup at a time, its announcements side by side.
class Reprovider {
 public:
  /// Peers told at once.
  static constexpr std::size_t kMaxTold = 10;
  /// After a lookup that found nobody.
  static constexpr Duration kRetryDelay = 1min;

  /// Borrows both for its life; stop() must have returned before it is destroyed.
  Reprovider(LookupContext& context, Publisher& publisher);

  /// What save() returned in an earlier life; damaged bytes begin a new sweep.
  void restore(ByteView saved);
  Bytes save() const { return schedule_.save(); }
  void start();
  Task<void> stop() { co_await tasks_.stop(); }

  /// Announced again in every sweep. The first time is up to the caller.
  void add(const Multihash& content);
  void remove(const Multihash& content) { schedule_.remove(content); }
  std::size_t size() const { return schedule_.size(); }
  /// Since start().
  std::size_t lookup_count() const { return lookups_; }

 private:
  Task<void> run();
  Task<void> wait_until_due();
  Task<bool> announce_region(Multihash content);
  Task<void> tell(Announcement announcement);
  WallTime now() const { return context_.system.clock.wall_now(); }

  LookupContext& context_;
  Publisher& publisher_;
  ReprovideSchedule schedule_;
  std::size_t lookups_ = 0;
  std::size_t telling_ = 0;
  Event told_;
  TaskGroup tasks_;
};

}  // namespace shoal::kad
