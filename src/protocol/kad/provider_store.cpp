#include "protocol/kad/provider_store.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace shoal::kad {
namespace {

std::vector<Multiaddr> bounded_addresses(const std::vector<Multiaddr>& addresses) {
  std::vector<Multiaddr> out;
  std::size_t bytes = 0;
  for (const Multiaddr& address : addresses) {
    bytes += address.encoded().size();
    if (out.size() == ProviderStore::kMaxAddresses || bytes > ProviderStore::kMaxAddressBytes) {
      break;
    }
    out.push_back(address);
  }
  return out;
}

bool has_expired(TimePoint since, Duration lifetime, TimePoint now) {
  return now - since >= lifetime;
}

}  // namespace

bool ProviderStore::add(const Key& content, const PeerId& id,
                        const std::vector<Multiaddr>& addresses, const std::optional<IpGroup>& from,
                        TimePoint now) {
  const Group group = limits_.exempt_local && from && from->is_local() ? std::nullopt : from;
  const auto known = providers_.find(id);
  const bool again =
      known != providers_.end() && records_.contains(RecordId{content, known->second.number});
  if (!again) {
    if (is_full_for(content, group, now)) return false;
    make_room(id, group);
  }
  Provider& provider = provider_of(id, group);
  if (!addresses.empty()) {
    provider.addresses = bounded_addresses(addresses);
    provider.addresses_at = now;
  }
  announce(provider, content, now);
  return true;
}

bool ProviderStore::is_full_for(const Key& content, const Group& group, TimePoint now) const {
  std::size_t all = 0;
  std::size_t of_group = 0;
  for (auto at = records_.lower_bound({content, 0});
       at != records_.end() && at->first.first == content; ++at) {
    if (has_expired(at->second.announced, kRecordLifetime, now)) continue;
    ++all;
    if (at->second.provider->group == group) ++of_group;
  }
  const bool exempt = limits_.exempt_local && !group;
  return all >= limits_.per_content || (!exempt && of_group >= limits_.per_content_and_group);
}

std::size_t ProviderStore::units_needed(const PeerId& provider) const {
  return providers_.contains(provider) ? 1 : 1 + kProviderUnits;
}

bool ProviderStore::evict(const std::optional<std::uint64_t>& provider) {
  if (!provider) return false;
  erase_oldest(*by_number_.at(*provider));
  return true;
}

void ProviderStore::make_room(const PeerId& id, const Group& group) {
  const std::size_t most_of_provider = limits_.units / limits_.provider_divisor;
  const auto known = providers_.find(id);
  if (known != providers_.end() && known->second.records + kProviderUnits >= most_of_provider) {
    erase_oldest(known->second);
  }
  const bool exempt = limits_.exempt_local && !group;
  const std::size_t most_of_group = exempt ? limits_.units : limits_.units / limits_.group_divisor;
  while (shares_.of(group) + units_needed(id) > most_of_group) {
    if (!evict(shares_.heaviest_of(group))) break;
  }
  while (shares_.total() + units_needed(id) > limits_.units) {
    if (!evict(shares_.heaviest())) break;
  }
}

ProviderStore::Provider& ProviderStore::provider_of(const PeerId& id, const Group& group) {
  const auto [found, fresh] = providers_.try_emplace(id, Provider{.id = id});
  Provider& provider = found->second;
  if (fresh) {
    provider.number = next_number_++;
    provider.group = group;
    by_number_.emplace(provider.number, &provider);
    shares_.add(group, provider.number, kProviderUnits);
  } else if (provider.group != group) {
    const std::size_t units = provider.records + kProviderUnits;
    shares_.subtract(provider.group, provider.number, units);
    shares_.add(group, provider.number, units);
    provider.group = group;
  }
  return provider;
}

void ProviderStore::announce(Provider& provider, const Key& content, TimePoint announced) {
  const auto [found, fresh] = records_.try_emplace(RecordId{content, provider.number});
  Entry& entry = *found;
  if (fresh) {
    entry.second.provider = &provider;
    ++provider.records;
    shares_.add(provider.group, provider.number, 1);
  } else {
    unlink(entry);
  }
  entry.second.announced = announced;
  link_newest(entry);
}

void ProviderStore::link_newest(Entry& entry) {
  Provider& provider = *entry.second.provider;
  entry.second.older = provider.newest;
  entry.second.newer = nullptr;
  (provider.newest != nullptr ? provider.newest->second.newer : provider.oldest) = &entry;
  provider.newest = &entry;
}

void ProviderStore::unlink(Entry& entry) {
  Provider& provider = *entry.second.provider;
  Entry* const older = entry.second.older;
  Entry* const newer = entry.second.newer;
  (older != nullptr ? older->second.newer : provider.oldest) = newer;
  (newer != nullptr ? newer->second.older : provider.newest) = older;
}

void ProviderStore::erase_oldest(Provider& provider) {
  SHOAL_CHECK(provider.oldest != nullptr);
  Entry& entry = *provider.oldest;
  const RecordId id = entry.first;
  unlink(entry);
  records_.erase(id);
  --provider.records;
  shares_.subtract(provider.group, provider.number, 1);
  if (provider.records > 0) return;
  shares_.subtract(provider.group, provider.number, kProviderUnits);
  by_number_.erase(provider.number);
  const PeerId gone = provider.id;
  providers_.erase(gone);
}

std::vector<PeerInfo> ProviderStore::find(const Key& content, TimePoint now) const {
  std::vector<PeerInfo> out;
  for (auto at = records_.lower_bound({content, 0});
       at != records_.end() && at->first.first == content; ++at) {
    if (has_expired(at->second.announced, kRecordLifetime, now)) continue;
    const Provider& provider = *at->second.provider;
    PeerInfo info{.id = provider.id, .addresses = {}};
    if (!has_expired(provider.addresses_at, kAddressLifetime, now)) {
      info.addresses = provider.addresses;
    }
    out.push_back(std::move(info));
    if (out.size() == limits_.per_content) break;
  }
  return out;
}

void ProviderStore::expire(TimePoint now) {
  for (auto next = providers_.begin(); next != providers_.end();) {
    Provider& provider = (next++)->second;
    if (has_expired(provider.addresses_at, kAddressLifetime, now)) {
      provider.addresses = std::vector<Multiaddr>();  // frees them
    }
    for (std::size_t left = provider.records; left > 0; --left) {
      if (!has_expired(provider.oldest->second.announced, kRecordLifetime, now)) break;
      erase_oldest(provider);
    }
  }
}

std::optional<ProviderStore::Saved> ProviderStore::next_to_save(const std::optional<PeerId>& last,
                                                                TimePoint now) const {
  const auto found = last ? providers_.upper_bound(*last) : providers_.begin();
  if (found == providers_.end()) return std::nullopt;
  const Provider& provider = found->second;
  Saved out{.provider = provider.id,
            .from = provider.group,
            .addresses = provider.addresses,
            .address_age = now - provider.addresses_at,
            .contents = {}};
  out.contents.reserve(provider.records);
  for (const Entry* at = provider.oldest; at != nullptr; at = at->second.newer) {
    out.contents.push_back({at->first.first, now - at->second.announced});
  }
  return out;
}

void ProviderStore::restore(const Saved& saved, Duration since, TimePoint now) {
  const Duration away = std::clamp(since, Duration{}, kRecordLifetime);
  for (const Saved::Content& content : saved.contents) {
    const Duration age = std::clamp(content.age, Duration{}, kRecordLifetime) + away;
    if (age < kRecordLifetime) add(content.key, saved.provider, {}, saved.from, now - age);
  }
  const auto provider = providers_.find(saved.provider);
  if (provider == providers_.end()) return;
  const Duration age = std::clamp(saved.address_age, Duration{}, kAddressLifetime) + away;
  provider->second.addresses = bounded_addresses(saved.addresses);
  provider->second.addresses_at = now - age;
}

}  // namespace shoal::kad
