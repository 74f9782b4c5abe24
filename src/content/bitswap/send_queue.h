#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "system/event.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

/// Which peers are sent blocks at the same time, of those that share what they get. One block after
/// the other is with the swarm sooner than many side by side: its receiver begins to pass it on.
///
/// Peers that give go before those that do not, which get one byte of kOthersEvery while both
/// wait; and blocks that fewer peers have been sent before other blocks. A receiver that takes its
/// block much more slowly than others do gives its turn up while it goes on.
class SendQueue {
 public:
  /// Enough that paths with long round trips are filled; only one while our own line is full.
  static constexpr std::size_t kAtOnce = 3;
  /// Of these, held by peers that give nothing: some of them may take nothing either, and one that
  /// gives, which asks for its next turn only after the last, is to find one free.
  static constexpr std::size_t kOthersAtOnce = 2;
  /// Of so many bytes one is for whoever has waited longest of those that give nothing.
  static constexpr std::uint64_t kOthersEvery = 32;
  /// One that has waited for so long goes before all of its kind who came later.
  static constexpr Duration kPatience = 3s;
  /// How many times as long as the quickest a turn may take, within these.
  static constexpr double kSlow = 4;
  static constexpr Duration kLeast = 500ms;
  static constexpr Duration kMost = 10s;
  /// While nothing is known.
  static constexpr Duration kFirst = 1s;

  struct Claim {
    bool gives = true;  // the peer, to others
    /// That were sent of the block by now; it is chosen when the turn has come.
    std::function<std::uint32_t()> copies;
    std::size_t bytes = 0;
  };

  /// Ends with its life, which is before the SendQueue ends.
  class Turn {
   public:
    Turn(SendQueue& queue, const Claim& claim);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    /// It took so long that another has been let in.
    bool gave_up() const { return gave_up_; }
    /// The block has been sent, and was not called off in the last moment.
    void note_sent() { sent_ = true; }

   private:
    friend class SendQueue;
    SendQueue& queue_;
    const bool gives_;
    const std::size_t bytes_;
    const TimePoint began_;
    bool gave_up_ = false;
    bool sent_ = false;
    std::list<Turn*>::iterator place_;
  };

  explicit SendQueue(System& system);
  void when_saturated(std::function<bool()> saturated) { saturated_ = std::move(saturated); }

  /// Cancellable.
  Task<std::unique_ptr<Turn>> take(Claim claim);
  std::size_t waiting() const { return waiting_.size(); }
  /// Below it, in bytes per second, a receiver would give its turn up.
  double slow_rate() const { return best_rate_ / kSlow; }
  Task<void> stop() { return tasks_.stop(); }

 private:
  struct Waiter {
    const Claim claim;
    const TimePoint since;
    bool granted = false;
    Event go;
    Waiter(Waits& waits, Claim its_claim, TimePoint now)
        : claim(its_claim), since(now), go(waits) {}
  };

  bool has_turn(bool gives) const;
  /// Whether it is the turn of one that gives nothing though others wait.
  bool is_for_others() const;
  std::list<Waiter*>::iterator next_waiter(bool for_others);
  void grant();
  Task<void> grant_soon();
  Duration limit(std::size_t bytes) const;
  Task<void> watch();

  System& system_;
  std::function<bool()> saturated_;
  std::list<Waiter*> waiting_;  // in order of arrival
  std::list<Turn*> held_;
  // Bytes that were granted while both kinds waited.
  std::uint64_t givers_bytes_ = 0;
  std::uint64_t others_bytes_ = 0;
  std::size_t granted_ = 0;         // and not begun
  std::size_t granted_others_ = 0;  // of these, to peers that give nothing
  double best_rate_ = 0;            // bytes per second of one turn, of late
  bool watching_ = false;
  TaskGroup tasks_;
};

}  // namespace shoal::content::bitswap
