#include "net/transport/quic/tickets.h"

#include <utility>

namespace shoal::quic {

void Tickets::keep(const PeerId& peer, Ticket ticket, TimePoint now) {
  const auto found = by_peer_.find(peer);
  if (found != by_peer_.end()) order_.erase(found->second);
  by_peer_[peer] = order_.insert(order_.end(), {peer, std::move(ticket), now});
  if (order_.size() <= kMaxTickets) return;
  by_peer_.erase(order_.front().peer);
  order_.pop_front();
}

std::optional<Ticket> Tickets::take(const PeerId& peer, const Endpoint& remote, TimePoint now) {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end() || found->second->ticket.remote != remote) return std::nullopt;
  Kept kept = std::move(*found->second);
  order_.erase(found->second);
  by_peer_.erase(found);
  if (now - kept.since >= kTicketLifetime) return std::nullopt;
  return std::move(kept.ticket);
}

}  // namespace shoal::quic
