#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/ip_address.h"
#include "format/peer_id.h"
#include "system/event.h"
#include "system/system.h"

namespace shoal::net {

/// Memory shared by all peers, some of whom may never release what they hold.
///
/// acquire() waits while the budget is exhausted. Newcomers (peers without a completed transfer)
/// may hold half of it, established peers three quarters: a quarter is always left for newcomers.
/// Within each class the peer that holds least is served first, then the IP prefix that holds
/// least, then the oldest request.
///
/// While a peer that holds nothing waits, reservations that move less than their minimum rate are
/// revoked, slowest first, so that its wait is bounded however many peers hold what they have. One
/// that wants more than it holds waits until some is released.
class MemoryBudget {
 public:
  struct Limits {
    std::size_t bytes;
    /// A peer that holds nothing may exceed it by one reservation.
    std::size_t bytes_per_peer;
  };
  struct Owner {
    PeerId peer;
    std::optional<IpAddress> prefix;
    bool established = false;
  };
  /// What a reservation has to move while contended().
  struct MinimumRate {
    Duration grace;
    double bytes_per_second;
  };

  /// Part of the budget, released by its destructor. Must not outlive the budget.
  class Reservation {
   public:
    Reservation(MemoryBudget& budget, Owner owner, std::size_t bytes);
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// From now on it has to move at that rate while contended(), else `revoke` is called once and
    /// the bytes count as released: it must free the memory soon, and may destroy the reservation.
    void make_revocable(MinimumRate rate, std::function<void()> revoke);
    void make_irrevocable() { revoke_ = nullptr; }
    /// The peer took or sent so many bytes.
    void moved(std::size_t bytes) { moved_ += bytes; }
    /// Less is needed than was acquired.
    void shrink(std::size_t bytes);
    bool revoked() const { return revoked_; }

   private:
    friend class MemoryBudget;
    /// Bytes moved as a fraction of the minimum; below 1 it may be revoked.
    double pace(TimePoint now) const;

    MemoryBudget& budget_;
    const Owner owner_;
    std::size_t bytes_;
    std::function<void()> revoke_;  // null while it is irrevocable
    MinimumRate rate_{};
    TimePoint began_{};
    std::size_t moved_ = 0;
    bool revoked_ = false;
    std::list<Reservation*>::iterator position_;
  };

  MemoryBudget(System& system, Limits limits) : system_(system), limits_(limits) {}

  /// More bytes than a newcomer may hold count as that many. Cancellable.
  Task<std::unique_ptr<Reservation>> acquire(Owner owner, std::size_t bytes);

  std::size_t used_bytes() const { return used_[0] + used_[1]; }
  std::size_t waiting() const { return requests_.size(); }
  /// Whether a peer that holds nothing waits.
  bool contended() const { return contended_; }

 private:
  class Request;

  std::size_t class_limit(bool established) const;
  bool fits(const Request& request) const;
  /// Grants what fits, revoking slow reservations where that helps.
  void serve();
  Request* next_request(bool established) const;
  void reclaim_for(const Request& request);
  Reservation* slowest(const Request& request) const;
  void revoke(Reservation& reservation);

  System& system_;
  const Limits limits_;
  std::array<std::size_t, 2> used_{};  // by newcomers, by established peers
  std::map<PeerId, std::size_t> used_by_peer_;
  std::map<IpAddress, std::size_t> used_by_prefix_;
  std::list<Reservation*> reservations_;
  std::list<Request*> requests_;  // waiting, oldest first
  bool contended_ = false;
  bool serving_ = false;
};

}  // namespace shoal::net
