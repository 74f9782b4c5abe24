#include "protocol/relay/reservations.h"

#include <algorithm>

#include "net/resources/ip_prefix.h"

namespace shoal::relay {

Status Reservations::reserve(const PeerId& peer, std::optional<IpAddress> prefix, TimePoint now) {
  drop_expired(now);
  const auto own = reserved_.find(peer);
  if (own == reserved_.end() && reserved_.size() >= limits_.reservations) {
    return Status::reservation_refused;
  }
  if (prefix && !net::is_this_machine(*prefix)) {
    const auto from_there = std::ranges::count_if(reserved_, [&](const auto& one) {
      return one.first != peer && one.second.prefix == prefix;
    });
    if (static_cast<std::size_t>(from_there) >= limits_.reservations_per_prefix) {
      return Status::reservation_refused;
    }
  }
  reserved_.insert_or_assign(
      peer, Entry{.expires = now + limits_.reservation_time, .prefix = std::move(prefix)});
  return Status::ok;
}

bool Reservations::has(const PeerId& peer, TimePoint now) const {
  const auto found = reserved_.find(peer);
  return found != reserved_.end() && now < found->second.expires;
}

Status Reservations::may_connect(const PeerId& source, const PeerId& target, TimePoint now) const {
  if (!has(target, now)) return Status::no_reservation;
  if (source == target) return Status::permission_denied;
  const bool full = circuits_ >= limits_.circuits ||
                    circuits_of(source) >= limits_.circuits_per_peer ||
                    circuits_of(target) >= limits_.circuits_per_peer;
  return full ? Status::resource_limit_exceeded : Status::ok;
}

void Reservations::drop_expired(TimePoint now) {
  std::erase_if(reserved_, [now](const auto& one) { return one.second.expires <= now; });
}

std::size_t Reservations::circuits_of(const PeerId& peer) const {
  const auto found = circuits_of_.find(peer);
  return found == circuits_of_.end() ? 0 : found->second;
}

void Reservations::count(const PeerId& peer, bool opened) {
  if (opened) {
    ++circuits_of_[peer];
  } else if (--circuits_of_[peer] == 0) {
    circuits_of_.erase(peer);
  }
}

Reservations::Circuit::Circuit(Reservations& table, PeerId source, PeerId target)
    : table_(table), source_(std::move(source)), target_(std::move(target)) {
  ++table_.circuits_;
  table_.count(source_, true);
  table_.count(target_, true);
}

Reservations::Circuit::~Circuit() {
  --table_.circuits_;
  table_.count(source_, false);
  table_.count(target_, false);
}

}  // namespace shoal::relay
