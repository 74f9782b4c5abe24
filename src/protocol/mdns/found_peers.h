#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "protocol/mdns/peer_message.h"
#include "system/time.h"

namespace shoal::mdns {

/// A peer that nobody announces on an interface any more.
struct GonePeer {
  PeerId peer;
  std::uint32_t interface_index = 0;

  bool operator==(const GonePeer&) const = default;
};

/// The peers that were announced on the local network, until they withdraw or expire. Bounded in
/// all, and for each sender, so that one host cannot crowd out the others. Sans-I/O.
class FoundPeers {
 public:
  /// Instances, over all interfaces.
  static constexpr std::size_t kMaxPeers = 1024;
  /// From one IP address; several nodes of a machine share one.
  static constexpr std::size_t kMaxPeersPerSource = 64;
  /// Announcements are renewed every minute: a peer that was killed is not kept for hours.
  static constexpr Duration kMaxLifetime = 5min;
  /// After a goodbye: RFC 6762, section 10.1.
  static constexpr Duration kGoodbyeDelay = 1s;
  /// That one query carries.
  static constexpr std::size_t kMaxKnownAnswers = 16;

  enum class News { refused, fresh, changed, renewed };

  /// `fresh` when no instance of the peer was known on the interface, `changed` for other addresses
  /// than before. Refused: the bounds are reached, or the instance is another peer's.
  News add(const AnnouncedPeer& announced, std::uint32_t interface_index, const IpAddress& source,
           TimePoint now);
  void withdraw(const DnsName& instance, std::uint32_t interface_index, TimePoint now);
  /// Those that are gone since the last call, by expiry or for others; each peer once.
  std::vector<GonePeer> take_gone(TimePoint now);
  void drop_interface(std::uint32_t interface_index);

  std::size_t count_on(std::uint32_t interface_index) const;
  std::size_t size() const { return entries_.size(); }
  /// Instances that have more than half of their time left.
  std::vector<KnownAnswer> known_answers(std::uint32_t interface_index, TimePoint now) const;

 private:
  using Key = std::pair<std::uint32_t, DnsName>;
  struct Entry {
    PeerId peer;
    std::vector<Multiaddr> addresses;
    IpAddress source;
    Duration lifetime;
    TimePoint expires;
  };
  using Entries = std::map<Key, Entry>;

  bool is_known(const PeerId& peer, std::uint32_t interface_index) const;
  bool make_room_for(const IpAddress& source);
  void erase(Entries::iterator entry);

  Entries entries_;
  std::map<IpAddress, std::size_t> by_source_;
  std::vector<GonePeer> gone_;
};

}  // namespace shoal::mdns
