#include "net/resources/ingress_limiter.h"

#include <algorithm>

namespace shoal::net {

namespace {

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

/// What one peer has said, over all its connections.
struct IngressLimiter::Account {
  Account(IngressLimiter& its_limiter, PeerId its_peer)
      : limiter(its_limiter), peer(std::move(its_peer)), member(limiter.queue_) {}
  ~Account() { limiter.accounts_.erase(peer); }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  void expect(double bytes) {
    expected += bytes;
    credit += bytes;
  }
  void expect_no_more(double bytes) {
    expected -= bytes;
    credit = std::min(credit, expected);
  }
  /// What is left to pay of `bytes`, of which answers that are expected are free.
  double take_expected(double bytes) {
    const double taken = std::min(credit, bytes);
    credit -= taken;
    return bytes - taken;
  }
  /// The same, of what everybody may say.
  double take_free(double bytes, TimePoint now) {
    free = std::min(kFreeBytes, free + seconds_between(refilled, now) * kFreeBytesPerSecond);
    refilled = now;
    const double taken = std::min(free, bytes);
    free -= taken;
    return bytes - taken;
  }

  IngressLimiter& limiter;
  const PeerId peer;
  std::size_t solicitations = 0;
  double expected = 0;  // bytes of all answers that are waited for
  double credit = 0;    // and how many of them may still come
  double free = kFreeBytes;
  TimePoint refilled{};
  std::size_t paid_streams = 0;
  FairQueue::Member member;
};

IngressLimiter::Solicited::Solicited(std::shared_ptr<Account> account, std::optional<double> bytes)
    : account_(std::move(account)), bytes_(bytes) {
  if (bytes_) {
    account_->expect(*bytes_);
  } else if (++account_->solicitations == 1) {
    account_->member.look_again();
  }
}

IngressLimiter::Solicited& IngressLimiter::Solicited::operator=(Solicited&& other) noexcept {
  if (this == &other) return *this;
  end();
  account_ = std::exchange(other.account_, nullptr);
  bytes_ = other.bytes_;
  return *this;
}

void IngressLimiter::Solicited::end() noexcept {
  if (!account_) return;
  if (bytes_) {
    account_->expect_no_more(*bytes_);
  } else {
    --account_->solicitations;
  }
  account_ = nullptr;
}

class IngressLimiter::Payer final : public ReadLimiter {
 public:
  Payer(IngressLimiter& limiter, std::shared_ptr<Account> account)
      : account_(std::move(account)), limiter_(limiter) {}

  Task<void> pay(std::size_t bytes, std::size_t streams) override {
    return limiter_.pay(*this, bytes, streams);
  }
  bool waived() const override { return !must_pay(); }
  void leave() noexcept override {
    left_ = true;
    account_->member.look_again();
  }

  Account& account() { return *account_; }
  bool must_pay() const { return !left_ && account_->solicitations == 0; }

 private:
  const std::shared_ptr<Account> account_;
  IngressLimiter& limiter_;
  bool left_ = false;
};

std::shared_ptr<IngressLimiter::Account> IngressLimiter::account(const PeerId& peer) {
  std::weak_ptr<Account>& place = accounts_[peer];
  std::shared_ptr<Account> known = place.lock();
  if (!known) place = known = std::make_shared<Account>(*this, peer);
  return known;
}

std::unique_ptr<ReadLimiter> IngressLimiter::payer(const PeerId& peer) {
  return std::make_unique<Payer>(*this, account(peer));
}

std::shared_ptr<IngressLimiter::Account> IngressLimiter::find(const PeerId& peer) const {
  const auto known = accounts_.find(peer);
  return known == accounts_.end() ? nullptr : known->second.lock();
}

bool IngressLimiter::is_solicited(const PeerId& peer) const {
  const std::shared_ptr<Account> account = find(peer);
  return account && (account->solicitations > 0 || account->expected > 0);
}

void IngressLimiter::refund_stream(const PeerId& peer) {
  const std::shared_ptr<Account> account = find(peer);
  if (!account || account->paid_streams == 0) return;
  --account->paid_streams;
  const double to_peer = std::min(kStreamBytes, kFreeBytes - account->free);
  account->free += to_peer;
  queue_.release(kStreamBytes - to_peer);
}

Task<void> IngressLimiter::pay(Payer& payer, std::size_t bytes, std::size_t streams) {
  if (!payer.must_pay()) co_return;
  Account& account = payer.account();
  account.paid_streams += streams;
  const double price = account.take_expected(static_cast<double>(bytes)) +
                       static_cast<double>(streams) * kStreamBytes;
  double owed = account.take_free(price, system_.clock.now());
  const auto must_pay = [&payer] { return payer.must_pay(); };
  while (owed > 0 && payer.must_pay()) {
    const double part = std::min(owed, kPartBytes);
    co_await queue_.acquire(account.member, part, must_pay);
    owed -= part;
  }
}

}  // namespace shoal::net
