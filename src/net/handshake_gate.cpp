#include "net/handshake_gate.h"

namespace shoal::net {

Task<void> HandshakeGate::enter(const Multiaddr& remote) {
  const std::optional<IpAddress> site = ip_prefix_of(remote);
  if (!site || is_this_machine(*site)) co_return;
  std::shared_ptr<FairLine::Member> member = waiting_[*site].lock();
  if (!member) {
    member = std::shared_ptr<FairLine::Member>(new FairLine::Member(line_),
                                               [this, from = *site](FairLine::Member* gone) {
                                                 waiting_.erase(from);
                                                 delete gone;
                                               });
    waiting_[*site] = member;
  }
  co_await line_.take(*member, 1, [] { return true; });
}

}  // namespace shoal::net
