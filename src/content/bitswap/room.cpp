#include "content/bitswap/room.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

namespace {

/// How often it is looked whether somebody stands still by now.
constexpr Duration kLook = 100ms;

}  // namespace

Room::Peers Room::peers_of(net::Swarm& swarm, std::string what) {
  return {
      .send_away = [&swarm, what = std::move(what)](
                       const PeerId& peer) { swarm.send_away(peer, "stands still with " + what); },
      .strikes = [&swarm](const PeerId& peer) { return swarm.strikes(peer); },
      .expected = [&swarm](const PeerId& peer) { return swarm.expects(peer); },
      .round_trip =
          [&swarm](const PeerId& peer) {
            const net::Connection* connection = swarm.best(peer);
            return connection == nullptr ? Duration::zero() : connection->round_trip();
          }};
}

Room::Share::Share(Room& room, const PeerId& peer, std::size_t bytes)
    : room_(room),
      peer_(peer),
      bytes_(bytes),
      proven_(room.is_proven(peer)),
      moved_at_(room.system_.clock.now()),
      moves_before_(room.moves_),
      place_(room.held_.insert(room.held_.end(), this)) {
  room_.used_ += bytes_;
  if (!proven_) room_.used_by_unproven_ += bytes_;
}

Room::Share::~Share() {
  room_.held_.erase(place_);
  if (sent_away_) return;
  room_.give_back(*this, bytes_);
  room_.wake_first();
}

void Room::Share::moved() {
  moved_at_ = room_.system_.clock.now();
  // Anybody gets the first part done: what is in flight before an answer tells nothing of a line.
  if (std::exchange(has_moved_, true)) {
    ++room_.moves_;
    room_.last_move_ = moved_at_;
  }
  moves_before_ = room_.moves_;
  room_.held_.splice(room_.held_.end(), room_.held_, place_);
}

void Room::Share::finished() {
  room_.proven_.insert(peer_);
}

void Room::Share::shrink(std::size_t bytes) {
  const std::size_t less = bytes_ - std::min(bytes, bytes_);
  bytes_ -= less;
  if (sent_away_ || less == 0) return;
  room_.give_back(*this, less);
  room_.wake_first();
}

/// Stands in line however its wait ends.
class Room::Waiter {
 public:
  Waiter(Room& room, Rank rank) : changed(room.system_.waits), room_(room), rank_(std::move(rank)) {
    room_.waiting_.emplace(rank_, this);
  }
  ~Waiter() {
    room_.waiting_.erase(rank_);
    room_.wake_first();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool is_first() const { return room_.waiting_.begin()->second == this; }
  bool is_proven() const { return !std::get<0>(rank_); }

  Event changed;

 private:
  Room& room_;
  const Rank rank_;
};

Task<std::unique_ptr<Room::Share>> Room::take(PeerId peer, std::size_t bytes) {
  bytes = std::min(bytes, bytes_);
  const bool proven = is_proven(peer);
  const bool may_pass = waiting_.empty() || (proven && !waiting_.begin()->second->is_proven());
  if (!may_pass || !make_room(bytes, proven)) {
    Waiter waiter(*this, {!proven, peers_.strikes(peer), next_order_++});
    while (!waiter.is_first() || !make_room(bytes, proven)) co_await wait_for_change(waiter);
    co_return std::make_unique<Share>(*this, peer, bytes);
  }
  co_return std::make_unique<Share>(*this, peer, bytes);
}

/// Until something is given back, or the next holder has stood still for too long.
Task<void> Room::wait_for_change(Waiter& waiter) {
  const auto still = std::ranges::find(held_, false, &Share::sent_away_);
  if (!waiter.is_first() || still == held_.end()) {
    co_await waiter.changed.wait();
    co_return;
  }
  const TimePoint patience_ends =
      std::max((*still)->moved_at_ + patience_with(**still), system_.clock.now() + kLook);
  try {
    co_await until(system_.clock, patience_ends, waiter.changed.wait(), "room");
  } catch (const Error&) {
    // Somebody stood still.
  }
}

Duration Room::patience_with(const Share& share) const {
  return std::clamp(kRoundTrips * peers_.round_trip(share.peer_), kMinPatience, kMaxPatience);
}

bool Room::stands_still(const Share& share) const {
  const TimePoint now = system_.clock.now();
  const Duration patience = patience_with(share);
  if (now - share.moved_at_ < patience) return false;
  const bool passed_by = moves_ - share.moves_before_ >= kTurns * held_.size();
  return passed_by || now - last_move_ >= patience;
}

bool Room::has_room(std::size_t bytes, bool proven) const {
  if (used_ + bytes > bytes_) return false;
  return proven || used_by_unproven_ == 0 || used_by_unproven_ + bytes <= bytes_ / 2;
}

void Room::give_back(const Share& share, std::size_t bytes) {
  used_ -= bytes;
  if (!share.proven_) used_by_unproven_ -= bytes;
}

bool Room::make_room(std::size_t bytes, bool proven) {
  std::vector<PeerId> leaving;
  for (Share* share : held_) {
    if (has_room(bytes, proven)) break;
    if (share->sent_away_) continue;
    if (!stands_still(*share)) break;
    share->sent_away_ = true;
    give_back(*share, share->bytes_);
    leaving.push_back(share->peer_);
  }
  for (const PeerId& peer : leaving) peers_.send_away(peer);
  return has_room(bytes, proven);
}

void Room::wake_first() {
  if (!waiting_.empty()) waiting_.begin()->second->changed.notify_all();
}

}  // namespace shoal::content::bitswap
