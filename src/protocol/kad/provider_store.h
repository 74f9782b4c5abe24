#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "format/peer_id.h"
#include "protocol/kad/fair_shares.h"
#include "protocol/kad/ip_group.h"
#include "protocol/kad/key.h"
#include "protocol/kad/message.h"
#include "system/time.h"

namespace shoal::kad {

struct ProviderLimits {
  /// In units of about 112 bytes: what a record takes; a provider with its addresses takes
  /// kProviderUnits more.
  std::size_t units = 1'000'000;
  /// Shares of the units that one provider, and one IP group, may have.
  std::size_t provider_divisor = 4;
  std::size_t group_divisor = 2;
  /// Providers of one content. An answer names 40 of them at most, so that a hundred spread the
  /// load well; who comes later is not needed.
  std::size_t per_content = 100;
  /// Of those, from one IP group: so that one network cannot take all the seats.
  std::size_t per_content_and_group = 10;
  /// Local addresses are of no group: the DHT of a LAN.
  bool exempt_local = false;
};

/// Who said that it has what (libp2p specs, kad-dht: content provider advertisement). A record is
/// kept for 48 h after it was last announced, addresses for 24 h.
///
/// When it is full the heaviest IP group loses, of it the heaviest provider, of that the record
/// that was announced first: who sends more than others pushes out its own. Sans-I/O; the same
/// calls give the same answers.
class ProviderStore {
 public:
  static constexpr Duration kRecordLifetime = 48h;
  static constexpr Duration kAddressLifetime = 24h;
  static constexpr std::size_t kProviderUnits = 8;
  static constexpr std::size_t kMaxAddresses = 8;
  static constexpr std::size_t kMaxAddressBytes = 512;  // of one provider

  explicit ProviderStore(ProviderLimits limits = {}) : limits_(limits) {}
  ProviderStore(const ProviderStore&) = delete;
  ProviderStore& operator=(const ProviderStore&) = delete;

  /// `provider`, who is connected from `from`, has the content of `content`. Its addresses replace
  /// those that were known, unless there are none. None for `from` is a group of its own. False
  /// when enough others have it.
  bool add(const Key& content, const PeerId& provider, const std::vector<Multiaddr>& addresses,
           const std::optional<IpGroup>& from, TimePoint now);

  /// In the order in which the providers became known here; not more than per_content.
  std::vector<PeerInfo> find(const Key& content, TimePoint now) const;

  /// Frees what has expired; what has is never answered, freed or not. Takes time in proportion to
  /// the number of providers: for every few minutes.
  void expire(TimePoint now);

  std::size_t record_count() const { return records_.size(); }
  std::size_t provider_count() const { return providers_.size(); }
  std::size_t units_used() const { return shares_.total(); }

  /// A record as it is kept over a restart. Ages are by calendar, so that the time in between
  /// counts.
  struct Saved {
    PeerId provider;
    std::optional<IpGroup> from;
    std::vector<Multiaddr> addresses;
    Duration address_age{};
    struct Content {
      Key key;
      Duration age;
      bool operator==(const Content&) const = default;
    };
    std::vector<Content> contents;  // oldest first
    bool operator==(const Saved&) const = default;
  };
  /// The provider that comes after `last` in the order of ids, or the first; none at the end. A
  /// store is saved provider by provider, so that nothing has to be held up for all of it.
  std::optional<Saved> next_to_save(const std::optional<PeerId>& last, TimePoint now) const;
  /// Adds them as add() does, as announced when they were; `since` is the time since it was saved.
  void restore(const Saved& saved, Duration since, TimePoint now);

 private:
  using Group = FairShares::Group;
  using RecordId = std::pair<Key, std::uint64_t>;  // content, number of the provider
  struct Provider;
  struct Record;
  using Entry = std::pair<const RecordId, Record>;
  struct Record {
    TimePoint announced;
    Provider* provider = nullptr;
    Entry* older = nullptr;  // of the same provider
    Entry* newer = nullptr;
  };
  struct Provider {
    PeerId id;
    std::uint64_t number = 0;
    Group group{};
    std::vector<Multiaddr> addresses{};
    TimePoint addresses_at{};
    std::size_t records = 0;
    Entry* oldest = nullptr;
    Entry* newest = nullptr;
  };

  bool is_full_for(const Key& content, const Group& group, TimePoint now) const;
  std::size_t units_needed(const PeerId& provider) const;
  void make_room(const PeerId& provider, const Group& group);
  bool evict(const std::optional<std::uint64_t>& provider);
  Provider& provider_of(const PeerId& id, const Group& group);
  void announce(Provider& provider, const Key& content, TimePoint announced);
  void link_newest(Entry& entry);
  void unlink(Entry& entry);
  /// The provider goes with its last record.
  void erase_oldest(Provider& provider);

  const ProviderLimits limits_;
  std::map<RecordId, Record> records_;
  std::map<PeerId, Provider> providers_;
  std::map<std::uint64_t, Provider*> by_number_;
  FairShares shares_;
  std::uint64_t next_number_ = 1;
};

}  // namespace shoal::kad
