#include "net/swarm/toll.h"

#include <algorithm>

namespace shoal::net {

namespace {

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

/// What one peer has said, over all its connections.
struct Toll::Account {
  Account(Toll& its_toll, PeerId its_peer)
      : toll(its_toll), peer(std::move(its_peer)), place(toll.line_) {}
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
  std::size_t paid_streams = 0;
  FairLine::Member place;
};

Toll::Expectation::Expectation(std::shared_ptr<Account> account) : account_(std::move(account)) {
  if (++account_->expectations == 1) account_->place.look_again();
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
    return toll_.pay(*this, bytes, streams);
  }
  bool waived() const override { return !must_pay(); }
  void leave() noexcept override {
    left_ = true;
    account_->place.look_again();
  }

  Account& account() { return *account_; }
  bool must_pay() const { return !left_ && account_->expectations == 0; }

 private:
  const std::shared_ptr<Account> account_;
  Toll& toll_;
  bool left_ = false;
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
  if (!account || account->paid_streams == 0) return;
  --account->paid_streams;
  const double to_peer = std::min(kStreamBytes, kFreeBytes - account->free);
  account->free += to_peer;
  line_.give_back(kStreamBytes - to_peer);
}

Task<void> Toll::pay(Payer& payer, std::size_t bytes, std::size_t streams) {
  if (!payer.must_pay()) co_return;
  Account& account = payer.account();
  account.paid_streams += streams;
  const double price = static_cast<double>(bytes) + static_cast<double>(streams) * kStreamBytes;
  double owed = account.take_free(price, system_.clock.now());
  const auto must_pay = [&payer] { return payer.must_pay(); };
  while (owed > 0 && payer.must_pay()) {
    const double part = std::min(owed, kPartBytes);
    co_await line_.take(account.place, part, must_pay);
    owed -= part;
  }
}

}  // namespace shoal::net
