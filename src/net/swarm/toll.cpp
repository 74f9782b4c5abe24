#include "net/swarm/toll.h"

#include <algorithm>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

/// The first in line looks again after so long.
constexpr Duration kLook = 10ms;

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

/// What one peer has said, over all its connections.
struct Toll::Account {
  Account(Toll& its_toll, PeerId its_peer)
      : toll(its_toll), peer(std::move(its_peer)), changed(toll.system_.waits) {}
  ~Account() { toll.accounts_.erase(peer); }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  /// What is left to pay of `bytes`.
  double take_free(double bytes, TimePoint now) {
    free = std::min(kFreeBytes, free + seconds_between(refilled, now) * kFreeBytesPerSecond);
    refilled = now;
    const double taken = std::min(free, bytes);
    free -= taken;
    return bytes - taken;
  }

  Toll& toll;
  const PeerId peer;
  std::size_t expectations = 0;
  double free = kFreeBytes;
  TimePoint refilled{};
  double said = 0;
  Event changed;
};

Toll::Expectation::Expectation(std::shared_ptr<Account> account) : account_(std::move(account)) {
  if (++account_->expectations == 1) account_->changed.notify_all();
}

Toll::Expectation& Toll::Expectation::operator=(Expectation&& other) noexcept {
  if (this == &other) return *this;
  end();
  account_ = std::exchange(other.account_, nullptr);
  return *this;
}

void Toll::Expectation::end() noexcept {
  if (account_) --account_->expectations;
  account_ = nullptr;
}

class Toll::Payer final : public ReadingToll {
 public:
  Payer(Toll& toll, std::shared_ptr<Account> account) : account_(std::move(account)), toll_(toll) {}

  Task<void> pay(std::size_t bytes, std::size_t streams) override {
    return toll_.pay(*this,
                     static_cast<double>(bytes) + static_cast<double>(streams) * kStreamBytes);
  }
  void leave() noexcept override {
    left_ = true;
    account_->changed.notify_all();
  }

  Account& account() { return *account_; }
  bool must_pay() const { return !left_ && account_->expectations == 0; }

 private:
  const std::shared_ptr<Account> account_;
  Toll& toll_;
  bool left_ = false;
};

/// Stands in line however its wait ends.
class Toll::Waiter {
 public:
  Waiter(Toll& toll, Account& account, double part)
      : toll_(toll), account_(account), start_(std::max(toll_.said_, account_.said)) {
    rank_ = {start_ + part, toll_.next_order_++};
    toll_.waiting_.emplace(rank_, this);
  }
  ~Waiter() {
    toll_.waiting_.erase(rank_);
    toll_.wake_first();
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  double start() const { return start_; }
  bool is_first() const { return toll_.waiting_.begin()->second == this; }
  Event& changed() { return account_.changed; }

 private:
  Toll& toll_;
  Account& account_;
  const double start_;
  Rank rank_;
};

std::shared_ptr<Toll::Account> Toll::account(const PeerId& peer) {
  std::weak_ptr<Account>& place = accounts_[peer];
  std::shared_ptr<Account> known = place.lock();
  if (!known) place = known = std::make_shared<Account>(*this, peer);
  return known;
}

std::unique_ptr<ReadingToll> Toll::payer(const PeerId& peer) {
  return std::make_unique<Payer>(*this, account(peer));
}

std::shared_ptr<Toll::Account> Toll::find(const PeerId& peer) const {
  const auto known = accounts_.find(peer);
  return known == accounts_.end() ? nullptr : known->second.lock();
}

bool Toll::expects(const PeerId& peer) const {
  const std::shared_ptr<Account> account = find(peer);
  return account && account->expectations > 0;
}

void Toll::refund_stream(const PeerId& peer) {
  const std::shared_ptr<Account> account = find(peer);
  if (!account || account->expectations > 0) return;
  const double to_peer = std::min(kStreamBytes, kFreeBytes - account->free);
  account->free += to_peer;
  tokens_ = std::min(kBurstBytes, tokens_ + kStreamBytes - to_peer);
}

Task<void> Toll::pay(Payer& payer, double price) {
  if (!payer.must_pay()) co_return;
  double owed = payer.account().take_free(price, system_.clock.now());
  while (owed > 0 && payer.must_pay()) {
    const double part = std::min(owed, kPartBytes);
    if (!waiting_.empty() || !has_tokens()) co_await wait_in_line(payer, part);
    tokens_ -= part;
    owed -= part;
  }
}

Task<void> Toll::wait_in_line(Payer& payer, double part) {
  Waiter waiter(*this, payer.account(), part);
  while (payer.must_pay() && !(waiter.is_first() && has_tokens())) {
    if (!waiter.is_first()) {
      co_await waiter.changed().wait();
      continue;
    }
    try {
      co_await within(system_.clock, kLook, waiter.changed().wait(), "toll");
    } catch (const Error&) {
      // Time to look.
    }
  }
  said_ = std::max(said_, waiter.start());
  payer.account().said = waiter.start() + part;
}

bool Toll::has_tokens() {
  const TimePoint now = system_.clock.now();
  tokens_ = std::min(kBurstBytes, tokens_ + seconds_between(refilled_, now) * kBytesPerSecond);
  refilled_ = now;
  return tokens_ > 0;
}

void Toll::wake_first() {
  if (!waiting_.empty()) waiting_.begin()->second->changed().notify_all();
}

}  // namespace shoal::net
