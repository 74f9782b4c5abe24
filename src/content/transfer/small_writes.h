#pragma once

#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "system/event.h"
#include "system/system.h"

namespace shoal::content {

/// Work on many small files, off the event loop: what comes while other such work is under way is
/// done together with what came beside it, in one trip.
class SmallWrites {
 public:
  /// Trips at once, and pieces of work in one of them.
  static constexpr std::size_t kTrips = 2;
  static constexpr std::size_t kTogether = 32;

  explicit SmallWrites(System& system) : system_(system) {}

  /// Returns when `work` is done, and rethrows what it throws. It may still begin after the caller
  /// was cancelled, so it owns what it uses, or uses what lives as long as the offload's user.
  Task<void> run(std::move_only_function<void()> work);

 private:
  struct Piece {
    Piece(Waits& waits, std::move_only_function<void()> its_work)
        : work(std::move(its_work)), changed(waits) {}
    std::move_only_function<void()> work;
    std::exception_ptr failure;
    bool done = false;
    Event changed;
  };
  using PiecePtr = std::shared_ptr<Piece>;

  Task<void> make_trip();

  System& system_;
  std::deque<PiecePtr> waiting_;
  std::size_t trips_ = 0;
};

}  // namespace shoal::content
