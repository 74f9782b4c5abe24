#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "protocol/mdns/dns_message.h"
#include "system/network.h"
#include "system/random.h"

namespace shoal::mdns {

/// What libp2p peers say to each other by multicast DNS: libp2p specs, discovery/mdns. Sans-I/O.

inline constexpr const char* kServiceName = "_p2p._udp.local";
inline constexpr std::uint16_t kPort = 5353;
/// RFC 6762, section 10, for records that name a host.
inline constexpr std::uint32_t kTtlSeconds = 120;
/// RFC 6762, section 6.7, for whoever would not hear of a change.
inline constexpr std::uint32_t kLegacyTtlSeconds = 10;
/// One packet of the smallest IPv6 MTU.
inline constexpr std::size_t kMaxAnswerBytes = 1232;

/// What a query wants of us.
struct Wanted {
  bool peer = false;     // our announcement
  bool service = false;  // the name of the service
  /// The asker takes the answer for itself: RFC 6762, section 5.4.
  bool unicast = false;
};

/// How this node is announced. The random name says nothing of it, and is another one at each
/// start.
struct Announcement {
  static constexpr std::size_t kMinNameBytes = 32;
  static constexpr std::size_t kMaxNameBytes = 63;

  Announcement(Random& random, const PeerId& peer, std::string_view service_name);

  DnsName service;   // such as "_p2p._udp.local"
  DnsName instance;  // the random name below it
  DnsName host;      // the random name below "p2p.local"
  PeerId peer;

  /// Names the addresses, without /p2p, as many as kMaxAnswerBytes hold. TTL 0 withdraws them. Some
  /// implementations (go-libp2p) read only the first TXT record, and nothing without an A or AAAA
  /// record.
  DnsMessage answer(const std::vector<Multiaddr>& addresses, std::uint32_t ttl_seconds) const;
  /// The service's name, for tools that list all services: RFC 6763, section 9.
  DnsMessage service_answer() const;
  static DnsName all_services();

  /// What the questions want that the known answers in `query` do not have (RFC 6762, section 7.1).
  Wanted wanted_by(const DnsMessage& query) const;
  /// An answer for a resolver that does not know of multicast (RFC 6762, section 6.7).
  static DnsMessage as_legacy(DnsMessage answer, const DnsMessage& query);

 private:
  bool is_known_in(const DnsMessage& query) const;
};

/// A question for all peers of `service`. `known`: instances whose answers are not needed (RFC
/// 6762, section 7.1), and how long they will be known.
struct KnownAnswer {
  DnsName instance;
  std::uint32_t ttl_seconds;
};
DnsMessage peers_query(const DnsName& service, const std::vector<KnownAnswer>& known);

/// What a message says of one peer.
struct AnnouncedPeer {
  static constexpr std::size_t kMaxAddresses = 16;
  /// Texts that are read to find them; what follows is left out.
  static constexpr std::size_t kMaxTexts = 64;
  /// In one message; honest ones have one.
  static constexpr std::size_t kMaxPerMessage = 8;

  DnsName instance;
  PeerId peer;
  std::vector<Multiaddr> addresses;  // without /p2p, in order of appearance, each once
  std::uint32_t ttl_seconds = 0;
};

/// The peers that a response announces, at most kMaxPerMessage. An instance whose texts name
/// several peers, and texts that are no dnsaddr, are left out; addresses that exceed the bound too.
std::vector<AnnouncedPeer> announced_peers(const DnsMessage& message, const DnsName& service);

/// Instances that a response withdraws: TTL 0. At most kMaxPerMessage.
std::vector<DnsName> withdrawn_instances(const DnsMessage& message, const DnsName& service);

}  // namespace shoal::mdns
