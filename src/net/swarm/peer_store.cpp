#include "net/swarm/peer_store.h"

#include <algorithm>
#include <utility>

namespace shoal::net {

PeerStore::Entry& PeerStore::entry(const PeerId& peer) {
  const auto found = entries_.find(peer);
  if (found != entries_.end()) {
    by_age_.splice(by_age_.end(), by_age_, found->second.age);
    return found->second;
  }
  make_room();
  Entry& made = entries_[peer];
  made.age = by_age_.insert(by_age_.end(), peer);
  return made;
}

const PeerStore::Entry* PeerStore::find(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? nullptr : &found->second;
}

void PeerStore::make_room() {
  if (entries_.size() < kMaxPeers) return;
  const auto victim = std::ranges::find_if(
      by_age_, [this](const PeerId& peer) { return entries_.at(peer).pins == 0; });
  if (victim == by_age_.end()) return;
  entries_.erase(*victim);
  by_age_.erase(victim);
}

bool PeerStore::is_valid(const Entry& entry, const Address& address) const {
  return entry.pins > 0 || address.expires > clock_.now();
}

void PeerStore::add_address(const PeerId& peer, const Multiaddr& address, AddressSource source,
                            Duration lifetime, std::optional<PeerId> told_by) {
  Entry& held = entry(peer);
  auto& known = held.addresses;
  const TimePoint expires = clock_.now() + lifetime;
  const auto same = std::ranges::find(known, address, &Address::address);
  const bool is_new = same == known.end();
  if (same != known.end()) {
    if (source < same->source) same->told_by = std::move(told_by);
    same->source = std::min(same->source, source);
    same->expires = std::max(same->expires, expires);
  } else {
    std::erase_if(known, [&](const Address& a) { return !is_valid(held, a); });
    known.push_back({address, source, expires, std::move(told_by)});
  }
  std::ranges::stable_sort(known, {}, &Address::source);
  std::size_t kept = 0;
  for (std::size_t bytes = 0; kept < std::min(known.size(), kMaxAddressesPerPeer); ++kept) {
    bytes += known[kept].address.encoded().size();
    if (bytes > kMaxAddressBytesPerPeer) break;
  }
  known.erase(known.begin() + static_cast<std::ptrdiff_t>(kept), known.end());
  if (is_new && added_) added_(peer);
}

void PeerStore::remove_address(const PeerId& peer, const Multiaddr& address) {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return;
  std::erase_if(found->second.addresses,
                [&](const Address& known) { return known.address == address; });
}

std::vector<Multiaddr> PeerStore::addresses(const PeerId& peer) const {
  std::vector<Multiaddr> out;
  for (KnownAddress& each : known(peer)) out.push_back(std::move(each.address));
  return out;
}

std::vector<KnownAddress> PeerStore::known(const PeerId& peer) const {
  std::vector<KnownAddress> out;
  const Entry* held = find(peer);
  if (held == nullptr) return out;
  for (const Address& each : held->addresses) {
    if (is_valid(*held, each)) out.push_back({each.address, each.source, each.told_by});
  }
  return out;
}

void PeerStore::note_useful(const PeerId& peer) {
  entry(peer).useful = true;
}

void PeerStore::set_protocols(const PeerId& peer, std::vector<std::string> protocols) {
  std::size_t kept = 0;
  for (std::size_t bytes = 0; kept < std::min(protocols.size(), kMaxProtocols); ++kept) {
    bytes += protocols[kept].size();
    if (bytes > kMaxProtocolBytesPerPeer) break;
  }
  protocols.resize(kept);
  entry(peer).protocols = shared(std::move(protocols));
}

std::shared_ptr<const PeerStore::Protocols> PeerStore::shared(Protocols protocols) {
  for (const auto& each : lists_) {
    auto list = each.lock();
    if (list && *list == protocols) return list;
  }
  protocols.shrink_to_fit();
  auto made = std::make_shared<const Protocols>(std::move(protocols));
  lists_.push_front(made);
  if (lists_.size() > kListsLookedThrough) lists_.pop_back();
  return made;
}

void PeerStore::set_agent(const PeerId& peer, std::string agent) {
  if (agent.size() > kMaxAgentBytes) agent.resize(kMaxAgentBytes);
  entry(peer).agent = std::move(agent);
}

std::string PeerStore::agent(const PeerId& peer) const {
  const Entry* known = find(peer);
  return known == nullptr ? std::string() : known->agent;
}

const std::vector<std::string>* PeerStore::protocols(const PeerId& peer) const {
  const Entry* known = find(peer);
  return known != nullptr ? known->protocols.get() : nullptr;
}

bool PeerStore::speaks(const PeerId& peer, const std::string& protocol) const {
  const auto* known = protocols(peer);
  return known != nullptr && std::ranges::find(*known, protocol) != known->end();
}

void PeerStore::pin(const PeerId& peer) {
  ++entry(peer).pins;
}

void PeerStore::unpin(const PeerId& peer) {
  const auto found = entries_.find(peer);
  if (found == entries_.end() || found->second.pins == 0) return;
  Entry& entry = found->second;
  if (--entry.pins > 0) return;
  entry.protocols.reset();
  entry.agent = {};
  for (Address& each : entry.addresses) {
    const bool lasts = entry.useful && each.source == AddressSource::connected;
    const Duration lifetime = lasts ? kUsefulLifetime : kAfterConnection;
    each.expires = std::max(each.expires, clock_.now() + lifetime);
  }
  if (entry.addresses.size() > kMaxAddressesOfAbsent) {
    const std::vector<Address> surest(entry.addresses.begin(),
                                      entry.addresses.begin() + kMaxAddressesOfAbsent);
    entry.addresses = surest;
  }
  if (entry.addresses.empty()) {
    by_age_.erase(entry.age);
    entries_.erase(found);
    return;
  }
  strangers_gone_.push_back(peer);
  forget_strangers();
}

/// A crowd that comes and goes leaves no more behind than these.
void PeerStore::forget_strangers() {
  const auto is_stranger = [](const Entry& entry) {
    return entry.pins == 0 && std::ranges::all_of(entry.addresses, [](const Address& address) {
             return address.source > AddressSource::connected;
           });
  };
  while (strangers_gone_.size() > kMaxStrangersGone) {
    const auto oldest = entries_.find(strangers_gone_.front());
    strangers_gone_.pop_front();
    if (oldest == entries_.end() || !is_stranger(oldest->second)) continue;
    by_age_.erase(oldest->second.age);
    entries_.erase(oldest);
  }
}

SavedPeer PeerStore::saved(const PeerId& peer, const Entry& entry) const {
  SavedPeer out{.peer = peer, .useful = entry.useful, .addresses = {}};
  for (const Address& each : entry.addresses) {
    const bool is_sure = each.source <= AddressSource::signed_record;
    if (!is_sure || !is_valid(entry, each)) continue;
    if (out.addresses.size() == SavedPeers::kMaxAddressesPerPeer) break;
    // Of a connected peer as if it left now.
    const bool lasts = entry.useful && each.source == AddressSource::connected;
    const Duration least = entry.pins == 0 ? 0s : lasts ? kUsefulLifetime : kAfterConnection;
    const Duration left = std::max(least, each.expires - clock_.now());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    out.addresses.push_back(
        {each.address, each.source, static_cast<std::uint64_t>(seconds.count())});
  }
  return out;
}

Bytes PeerStore::save() const {
  const auto since = clock_.wall_now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since).count();
  SavedPeers out{.saved_at = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)),
                 .peers = {}};
  for (const bool useful : {true, false}) {
    for (auto peer = by_age_.rbegin(); peer != by_age_.rend(); ++peer) {
      const Entry& entry = entries_.at(*peer);
      if (entry.useful != useful) continue;
      SavedPeer each = saved(*peer, entry);
      if (!each.addresses.empty()) out.peers.push_back(std::move(each));
    }
  }
  return encode_saved_peers(out, kMaxSavedBytes);
}

void PeerStore::restore(ByteView bytes) {
  const SavedPeers saved = decode_saved_peers(bytes);
  const auto since = clock_.wall_now().time_since_epoch();
  const std::int64_t now = std::chrono::floor<std::chrono::seconds>(since).count();
  // A clock that was set back makes nothing live longer.
  const std::int64_t then = static_cast<std::int64_t>(saved.saved_at);
  const std::int64_t passed = std::max<std::int64_t>(now - then, 0);
  constexpr std::int64_t kLongest = std::chrono::seconds(24h * 366).count();
  // The most important ones were saved first, and are to be forgotten last.
  for (auto peer = saved.peers.rbegin(); peer != saved.peers.rend(); ++peer) {
    for (const SavedPeer::Address& each : peer->addresses) {
      const auto lifetime =
          static_cast<std::int64_t>(std::min<std::uint64_t>(each.lifetime_seconds, kLongest));
      if (lifetime <= passed) continue;
      add_address(peer->peer, each.address, each.source, std::chrono::seconds(lifetime - passed));
      if (peer->useful) note_useful(peer->peer);
    }
  }
}

}  // namespace shoal::net
