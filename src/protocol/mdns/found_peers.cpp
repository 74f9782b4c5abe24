#include "protocol/mdns/found_peers.h"

#include <algorithm>
#include <utility>

namespace shoal::mdns {

FoundPeers::News FoundPeers::add(const AnnouncedPeer& announced, std::uint32_t interface_index,
                                 const IpAddress& source, TimePoint now) {
  const Duration lifetime =
      std::min<Duration>(std::chrono::seconds(announced.ttl_seconds), kMaxLifetime);
  const Key key(interface_index, announced.instance);
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.peer != announced.peer) return News::refused;
  const bool fresh = found == entries_.end() && !is_known(announced.peer, interface_index);
  if (found == entries_.end()) {
    if (!make_room_for(source)) return News::refused;
    const Entry entry{.peer = announced.peer,
                      .addresses = {},
                      .source = source,
                      .lifetime = lifetime,
                      .expires = now};
    found = entries_.emplace(key, entry).first;
    ++by_source_[source];
  }
  Entry& entry = found->second;
  const bool changed = entry.addresses != announced.addresses;
  entry.addresses = announced.addresses;
  entry.lifetime = lifetime;
  entry.expires = now + lifetime;
  if (fresh) return News::fresh;
  return changed ? News::changed : News::renewed;
}

void FoundPeers::withdraw(const DnsName& instance, std::uint32_t interface_index, TimePoint now) {
  const auto found = entries_.find(Key(interface_index, instance));
  if (found == entries_.end()) return;
  found->second.expires = std::min(found->second.expires, now + kGoodbyeDelay);
}

std::vector<GonePeer> FoundPeers::take_gone(TimePoint now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto each = entry++;
    if (each->second.expires <= now) erase(each);
  }
  // An instance may have gone while another one of the same peer is there.
  std::erase_if(gone_,
                [this](const GonePeer& gone) { return is_known(gone.peer, gone.interface_index); });
  std::vector<GonePeer> out;
  for (const GonePeer& gone : std::exchange(gone_, {})) {
    if (std::ranges::count(out, gone) == 0) out.push_back(gone);
  }
  return out;
}

void FoundPeers::drop_interface(std::uint32_t interface_index) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto each = entry++;
    if (each->first.first == interface_index) erase(each);
  }
}

std::size_t FoundPeers::count_on(std::uint32_t interface_index) const {
  const auto is_on = [interface_index](const auto& entry) {
    return entry.first.first == interface_index;
  };
  return static_cast<std::size_t>(std::ranges::count_if(entries_, is_on));
}

std::vector<KnownAnswer> FoundPeers::known_answers(std::uint32_t interface_index,
                                                   TimePoint now) const {
  std::vector<KnownAnswer> out;
  for (const auto& [key, entry] : entries_) {
    if (out.size() == kMaxKnownAnswers) break;
    const Duration left = entry.expires - now;
    if (key.first != interface_index || left * 2 <= entry.lifetime) continue;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    out.push_back({key.second, static_cast<std::uint32_t>(seconds.count())});
  }
  return out;
}

bool FoundPeers::is_known(const PeerId& peer, std::uint32_t interface_index) const {
  return std::ranges::any_of(entries_, [&](const auto& each) {
    return each.first.first == interface_index && each.second.peer == peer;
  });
}

/// When all is full, the sender with the most entries makes room for one with fewer.
bool FoundPeers::make_room_for(const IpAddress& source) {
  const auto known = by_source_.find(source);
  const std::size_t ours = known == by_source_.end() ? 0 : known->second;
  if (ours >= kMaxPeersPerSource) return false;
  if (entries_.size() < kMaxPeers) return true;
  const auto busiest =
      std::ranges::max_element(by_source_, {}, [](const auto& each) { return each.second; });
  if (busiest->second <= ours + 1) return false;
  const auto is_busiest = [&busiest](const auto& each) {
    return each.second.source == busiest->first;
  };
  erase(std::ranges::find_if(entries_, is_busiest));
  return true;
}

void FoundPeers::erase(Entries::iterator entry) {
  gone_.push_back({entry->second.peer, entry->first.first});
  const auto source = by_source_.find(entry->second.source);
  if (--source->second == 0) by_source_.erase(source);
  entries_.erase(entry);
}

}  // namespace shoal::mdns
