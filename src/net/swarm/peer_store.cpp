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

void PeerStore::add_address(const PeerId& peer, const Multiaddr& address, AddressSource source,
                            Duration lifetime) {
  auto& known = entry(peer).addresses;
  const TimePoint expires = clock_.now() + lifetime;
  const auto same = std::ranges::find(known, address, &Address::address);
  if (same != known.end()) {
    same->source = std::min(same->source, source);
    same->expires = std::max(same->expires, expires);
  } else {
    std::erase_if(known, [this](const Address& a) { return a.expires <= clock_.now(); });
    known.push_back({address, source, expires});
  }
  std::ranges::stable_sort(known, {}, &Address::source);
  std::size_t kept = 0;
  for (std::size_t bytes = 0; kept < std::min(known.size(), kMaxAddressesPerPeer); ++kept) {
    bytes += known[kept].address.encoded().size();
    if (bytes > kMaxAddressBytesPerPeer) break;
  }
  known.erase(known.begin() + static_cast<std::ptrdiff_t>(kept), known.end());
}

std::vector<Multiaddr> PeerStore::addresses(const PeerId& peer) const {
  std::vector<Multiaddr> out;
  const Entry* known = find(peer);
  if (known == nullptr) return out;
  for (const auto& address : known->addresses) {
    if (address.expires > clock_.now()) out.push_back(address.address);
  }
  return out;
}

void PeerStore::set_protocols(const PeerId& peer, std::vector<std::string> protocols) {
  std::size_t kept = 0;
  for (std::size_t bytes = 0; kept < std::min(protocols.size(), kMaxProtocols); ++kept) {
    bytes += protocols[kept].size();
    if (bytes > kMaxProtocolBytesPerPeer) break;
  }
  protocols.resize(kept);
  protocols.shrink_to_fit();
  entry(peer).protocols = std::move(protocols);
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
  return known != nullptr && known->protocols ? &*known->protocols : nullptr;
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
  std::erase_if(entry.addresses, [this](const Address& a) { return a.expires <= clock_.now(); });
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
             return address.source > AddressSource::given_by_user;
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

}  // namespace shoal::net
