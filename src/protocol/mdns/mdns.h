#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/token_bucket.h"
#include "net/swarm/swarm.h"
#include "protocol/mdns/found_peers.h"
#include "protocol/mdns/group_sockets.h"
#include "protocol/mdns/link_schedule.h"
#include "protocol/mdns/packet_budget.h"
#include "protocol/mdns/peer_message.h"
#include "system/system.h"
#include "system/task_group.h"

namespace shoal::mdns {

/// A peer that announced itself on an interface. Nothing of it is proved before a handshake.
struct FoundPeer {
  PeerId peer;
  /// Private, link-local or on-link; without /p2p; 1 to AnnouncedPeer::kMaxAddresses.
  std::vector<Multiaddr> addresses;
  std::uint32_t interface_index = 0;
  /// How long the addresses hold unless they are announced again.
  Duration lifetime{};
  /// Not known on this interface before; otherwise it renews what it said, or changed it.
  bool fresh = false;
};

struct Options {
  /// False: looks for others without telling of this node.
  bool announce = true;
  /// "_p2p-<fingerprint>._udp.local" in a private network.
  std::string service = kServiceName;
};

/// Finds peers on the local network and is found by them: libp2p specs, discovery/mdns.
///
/// Watches the interfaces that carry multicast, of which it takes the first kMaxInterfaces, and
/// announces on each the addresses of swarm.listen_addresses() that the interface has. Never says
/// anything of content.
class Mdns {
 public:
  static constexpr std::size_t kMaxInterfaces = 16;
  static constexpr Duration kInterfacePoll = 3s;
  /// From so many peers on, answers wait for a random time, so that not all answer at once (RFC
  /// 6762, section 6). Below, the asker does not wait.
  static constexpr std::size_t kCrowd = 8;
  static constexpr Duration kMinCrowdDelay = 20ms;
  static constexpr Duration kMaxCrowdDelay = 120ms;
  /// Answers to single hosts.
  static constexpr double kUnicastBurst = 20;
  static constexpr double kUnicastPerSecond = 10;

  /// Borrows both for its life; stop() must have returned before it is destroyed. Throws
  /// Error{malformed} for a service that is no DNS name.
  Mdns(System& system, net::Swarm& swarm, Options options = {});

  /// Called on the event loop; must not wait.
  void when_found(std::function<void(const FoundPeer&)> callback);
  /// No instance of the peer is announced on the interface any more: it said goodbye, expired, or
  /// the interface went. Connections to it may well live on.
  void when_gone(std::function<void(const GonePeer&)> callback);

  /// Begins to ask, answer and announce. Without a network, or with the port taken, it goes on
  /// trying.
  void start();
  /// Says goodbye.
  Task<void> stop();

  std::size_t peer_count() const { return found_.size(); }

 private:
  using Where = GroupSockets::Where;
  struct Link {
    NetworkInterface interface;
    LinkSchedule schedule;
  };

  Task<void> watch();
  Task<void> tend_at(TimePoint time);
  Task<void> receive(bool v6);
  void open_sockets();
  void poll_interfaces();
  void update_link(const Where& where, const NetworkInterface& interface);
  void drop_missing(const std::vector<NetworkInterface>& interfaces);
  void tend_links();
  void tend(const Where& where, Link& link);
  void handle(const DatagramSocket::Received& received, ByteView bytes, bool v6);
  void handle_query(const Where& where, Link& link, const DnsMessage& query, const Endpoint& from);
  void answer_asker(const Where& where, const Link& link, const DnsMessage& query,
                    const Wanted& wanted, const Endpoint& from);
  void answer_group_by(Link& link, TimePoint time);
  void handle_response(const Link& link, const DnsMessage& response, const IpAddress& from);
  void handle_peer(const Link& link, AnnouncedPeer announced, const IpAddress& from);
  void tell_gone();
  Duration crowd_delay(const Link& link);
  std::vector<Multiaddr> own_addresses(const Link& link) const;

  System& system_;
  net::Swarm& swarm_;
  const Options options_;
  const Announcement announcement_;
  GroupSockets sockets_;
  std::map<Where, Link> links_;
  FoundPeers found_;
  PacketBudget budget_;
  TokenBucket unicast_budget_{kUnicastBurst, kUnicastPerSecond};
  std::vector<std::function<void(const FoundPeer&)>> when_found_;
  std::vector<std::function<void(const GonePeer&)>> when_gone_;
  TaskGroup tasks_;
};

}  // namespace shoal::mdns
