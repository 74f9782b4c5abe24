#include "content/bitswap/send_queue.h"

#include <algorithm>
#include <utility>

namespace shoal::content::bitswap {

namespace {

constexpr Duration kLook = 50ms;
constexpr Duration kBetween = 2ms;
// By which the best rate is forgotten with each turn.
constexpr double kForget = 0.98;
// What is smaller vanishes in buffers.
constexpr std::size_t kTelling = std::size_t{512} * 1024;

}  // namespace

SendQueue::Turn::Turn(SendQueue& queue, const Claim& claim)
    : queue_(queue),
      gives_(claim.gives),
      bytes_(claim.bytes),
      began_(queue.system_.clock.now()),
      place_(queue.held_.insert(queue.held_.end(), this)) {}

SendQueue::Turn::~Turn() {
  const std::chrono::duration<double> took = queue_.system_.clock.now() - began_;
  const double rate = static_cast<double>(bytes_) / std::max(took.count(), 1e-6);
  if (sent_ && bytes_ >= kTelling) queue_.best_rate_ = std::max(kForget * queue_.best_rate_, rate);
  if (gave_up_) return;
  queue_.held_.erase(place_);
  const bool any_gives =
      std::ranges::any_of(queue_.waiting_, [](const Waiter* one) { return one->claim.gives; });
  if (any_gives || queue_.waiting_.empty()) {
    queue_.grant();
  } else {
    queue_.tasks_.spawn(queue_.grant_soon());
  }
}

SendQueue::SendQueue(System& system) : system_(system), tasks_(system.waits, "send turns") {}

Task<std::unique_ptr<SendQueue::Turn>> SendQueue::take(Claim claim) {
  struct Waiting {
    SendQueue& queue;
    Waiter waiter;
    std::list<Waiter*>::iterator place;
    Waiting(SendQueue& all, Claim its_claim)
        : queue(all),
          waiter(all.system_.waits, its_claim, all.system_.clock.now()),
          place(all.waiting_.insert(all.waiting_.end(), &waiter)) {}
    ~Waiting() {
      if (!waiter.granted) {
        queue.waiting_.erase(place);
        return;
      }
      --queue.granted_;
      if (!waiter.claim.gives) --queue.granted_others_;
      queue.grant();
    }
  };
  std::unique_ptr<Turn> turn;
  {
    Waiting waiting(*this, claim);
    grant();
    if (!waiting.waiter.granted && !std::exchange(watching_, true)) tasks_.spawn(watch());
    while (!waiting.waiter.granted) co_await waiting.waiter.go.wait();
    turn = std::make_unique<Turn>(*this, claim);
  }
  co_return turn;
}

bool SendQueue::has_turn(bool gives) const {
  const std::size_t taken = held_.size() + granted_;
  if (taken == 0) return true;
  if (taken >= kAtOnce || (saturated_ && saturated_())) return false;
  if (gives) return true;
  const auto is_other = [](const Turn* turn) { return !turn->gives_; };
  const auto others = static_cast<std::size_t>(std::ranges::count_if(held_, is_other));
  return others + granted_others_ < kOthersAtOnce;
}

bool SendQueue::is_for_others() const {
  const auto gives = [](const Waiter* one) { return one->claim.gives; };
  const auto other = std::ranges::find_if_not(waiting_, gives);
  if (other == waiting_.end() || std::ranges::none_of(waiting_, gives)) return false;
  const std::uint64_t bytes = std::max<std::size_t>((*other)->claim.bytes, 1);
  return (others_bytes_ + bytes) * (kOthersEvery - 1) <= givers_bytes_;
}

std::list<SendQueue::Waiter*>::iterator SendQueue::next_waiter(bool for_others) {
  const TimePoint now = system_.clock.now();
  const auto rank = [now, for_others](const Waiter* one) {
    const bool patient = for_others || now - one->since < kPatience;
    const bool last = one->claim.gives == for_others;
    return std::pair(last, patient && !for_others ? one->claim.copies() : 0);
  };
  return std::ranges::min_element(waiting_, {}, rank);
}

void SendQueue::grant() {
  while (!waiting_.empty() && has_turn(true)) {
    const auto gives = [](const Waiter* one) { return one->claim.gives; };
    const auto givers = static_cast<std::size_t>(std::ranges::count_if(waiting_, gives));
    const bool both = givers > 0 && givers < waiting_.size();
    const bool others_may = has_turn(false);
    const auto next = next_waiter(others_may && is_for_others());
    Waiter& waiter = **next;
    if (!waiter.claim.gives && !others_may) return;
    if (both) {
      (waiter.claim.gives ? givers_bytes_ : others_bytes_) +=
          std::max<std::size_t>(waiter.claim.bytes, 1);
    }
    waiting_.erase(next);
    waiter.granted = true;
    ++granted_;
    if (!waiter.claim.gives) ++granted_others_;
    waiter.go.notify_all();
  }
}

/// The peer whose turn has ended may want the next one, and give.
Task<void> SendQueue::grant_soon() {
  co_await system_.clock.sleep_for(kBetween);
  grant();
}

Duration SendQueue::limit(std::size_t bytes) const {
  if (best_rate_ == 0) return kFirst;
  const std::chrono::duration<double> usual(kSlow * static_cast<double>(bytes) / best_rate_);
  return std::clamp<Duration>(std::chrono::duration_cast<Duration>(usual), kLeast, kMost);
}

/// While somebody waits.
Task<void> SendQueue::watch() {
  while (!waiting_.empty()) {
    co_await system_.clock.sleep_for(kLook);
    const TimePoint now = system_.clock.now();
    for (auto next = held_.begin(); next != held_.end();) {
      Turn& turn = **next++;
      if (now - turn.began_ < limit(turn.bytes_)) continue;
      held_.erase(turn.place_);
      turn.gave_up_ = true;
    }
    grant();
  }
  watching_ = false;
}

}  // namespace shoal::content::bitswap
