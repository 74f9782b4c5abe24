#include "net/resources/handshake_limiter.h"

namespace shoal::net {

Task<void> HandshakeLimiter::enter(const Multiaddr& remote) {
  const std::optional<IpAddress> prefix = ip_prefix_of(remote);
  if (!prefix || is_this_machine(*prefix)) co_return;
  std::shared_ptr<FairQueue::Member> member = waiting_[*prefix].lock();
  if (!member) {
    member = std::shared_ptr<FairQueue::Member>(new FairQueue::Member(queue_),
                                                [this, from = *prefix](FairQueue::Member* gone) {
                                                  waiting_.erase(from);
                                                  delete gone;
                                                });
    waiting_[*prefix] = member;
  }
  co_await queue_.acquire(*member, 1, [] { return true; });
}

}  // namespace shoal::net
