#include "net/resources/memory_budget.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace shoal::net {

namespace {

/// How often the oldest request checks whether a holder has become too slow.
constexpr Duration kCheckPeriod = 10ms;

template <class Key>
std::size_t count_of(const std::map<Key, std::size_t>& counts, const Key& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

template <class Key>
void subtract(std::map<Key, std::size_t>& counts, const Key& key, std::size_t bytes) {
  const auto found = counts.find(key);
  found->second -= bytes;
  if (found->second == 0) counts.erase(found);
}

}  // namespace

/// Leaves the queue however its wait ends.
class MemoryBudget::Request {
 public:
  Request(MemoryBudget& budget, Owner owner, std::size_t bytes)
      : owner(std::move(owner)),
        bytes(bytes),
        changed(budget.system_.waits),
        budget_(budget),
        position_(budget.requests_.insert(budget.requests_.end(), this)) {}
  ~Request() {
    leave();
    budget_.serve();
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  bool is_oldest() const { return budget_.requests_.front() == this; }
  void leave() {
    if (std::exchange(left_, true)) return;
    budget_.requests_.erase(position_);
    // The next oldest has to check the holders from now on.
    if (!budget_.requests_.empty()) budget_.requests_.front()->changed.notify_all();
  }
  void grant() {
    leave();
    granted = std::make_unique<Reservation>(budget_, owner, bytes);
    changed.notify_all();
  }

  const Owner owner;
  const std::size_t bytes;
  Event changed;
  std::unique_ptr<Reservation> granted;

 private:
  MemoryBudget& budget_;
  bool left_ = false;
  const std::list<Request*>::iterator position_;
};

MemoryBudget::Reservation::Reservation(MemoryBudget& budget, Owner owner, std::size_t bytes)
    : budget_(budget),
      owner_(std::move(owner)),
      bytes_(bytes),
      position_(budget.reservations_.insert(budget.reservations_.end(), this)) {
  budget_.used_[owner_.established] += bytes;
  if (bytes == 0) return;
  budget_.used_by_peer_[owner_.peer] += bytes;
  if (owner_.prefix) budget_.used_by_prefix_[*owner_.prefix] += bytes;
}

void MemoryBudget::Reservation::make_revocable(MinimumRate rate, std::function<void()> revoke) {
  if (revoked_) return;
  rate_ = rate;
  revoke_ = std::move(revoke);
  began_ = budget_.system_.clock.now();
  moved_ = 0;
}

void MemoryBudget::Reservation::shrink(std::size_t bytes) {
  const std::size_t less = bytes_ - std::min(bytes, bytes_);
  if (revoked_ || less == 0) return;
  bytes_ -= less;
  budget_.used_[owner_.established] -= less;
  subtract(budget_.used_by_peer_, owner_.peer, less);
  if (owner_.prefix) subtract(budget_.used_by_prefix_, *owner_.prefix, less);
  budget_.serve();
}

MemoryBudget::Reservation::~Reservation() {
  if (revoked_) return;
  shrink(0);
  budget_.reservations_.erase(position_);
}

double MemoryBudget::Reservation::pace(TimePoint now) const {
  const double seconds = std::chrono::duration<double>(now - began_ - rate_.grace).count();
  if (seconds <= 0) return 1;
  return static_cast<double>(moved_) / (seconds * rate_.bytes_per_second);
}

Task<std::unique_ptr<MemoryBudget::Reservation>> MemoryBudget::acquire(Owner owner,
                                                                       std::size_t bytes) {
  Request request(*this, std::move(owner), std::min(bytes, class_limit(false)));
  serve();
  while (!request.granted) {
    if (!request.is_oldest() || !contended_) {
      co_await request.changed.wait();
    } else if (!co_await request.changed.wait_for(system_.clock, kCheckPeriod)) {
      serve();
    }
  }
  co_return std::move(request.granted);
}

std::size_t MemoryBudget::class_limit(bool established) const {
  return established ? limits_.bytes / 4 * 3 : limits_.bytes / 2;
}

bool MemoryBudget::fits(const Request& request) const {
  const bool established = request.owner.established;
  return used_bytes() + request.bytes <= limits_.bytes &&
         used_[established] + request.bytes <= class_limit(established);
}

void MemoryBudget::serve() {
  if (std::exchange(serving_, true)) return;
  const bool was_contended = std::exchange(contended_, false);
  for (const bool established : {false, true}) {
    while (Request* next = next_request(established)) {
      const bool holds_nothing = !used_by_peer_.contains(next->owner.peer);
      if (!fits(*next) && holds_nothing) reclaim_for(*next);
      if (!fits(*next)) {
        contended_ = contended_ || holds_nothing;
        break;
      }
      next->grant();
    }
  }
  serving_ = false;
  // From now on it has to check the holders.
  if (contended_ && !was_contended) requests_.front()->changed.notify_all();
}

MemoryBudget::Request* MemoryBudget::next_request(bool established) const {
  const auto held = [this](const Request& request) {
    return std::pair(count_of(used_by_peer_, request.owner.peer),
                     request.owner.prefix ? count_of(used_by_prefix_, *request.owner.prefix) : 0);
  };
  Request* next = nullptr;
  std::pair<std::size_t, std::size_t> least;
  for (Request* request : requests_) {
    if (request->owner.established != established) continue;
    const auto holds = held(*request);
    const bool within_share =
        holds.first == 0 || holds.first + request->bytes <= limits_.bytes_per_peer;
    if (!within_share || (next != nullptr && holds >= least)) continue;
    next = request;
    least = holds;
  }
  return next;
}

void MemoryBudget::reclaim_for(const Request& request) {
  while (!fits(request)) {
    Reservation* victim = slowest(request);
    if (victim == nullptr) return;
    revoke(*victim);
  }
}

/// Of those that are too slow and whose bytes the request could have.
MemoryBudget::Reservation* MemoryBudget::slowest(const Request& request) const {
  const bool established = request.owner.established;
  const bool only_own_class = used_[established] + request.bytes > class_limit(established);
  const TimePoint now = system_.clock.now();
  Reservation* out = nullptr;
  double least = 1;
  for (Reservation* reservation : reservations_) {
    if (!reservation->revoke_ || reservation->bytes_ == 0) continue;
    if (only_own_class && reservation->owner_.established != established) continue;
    const double pace = reservation->pace(now);
    if (pace >= least) continue;
    least = pace;
    out = reservation;
  }
  return out;
}

void MemoryBudget::revoke(Reservation& reservation) {
  reservation.shrink(0);
  reservations_.erase(reservation.position_);
  reservation.revoked_ = true;
  const std::function<void()> callback = std::exchange(reservation.revoke_, nullptr);
  callback();
}

}  // namespace shoal::net
