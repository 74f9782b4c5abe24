#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "system/clock.h"

namespace shoal::net {

/// How sure we are of an address, most first; decides what is dialled first and what is forgotten.
enum class AddressSource { connected, given_by_user, signed_record, claimed, hearsay };

/// What this node knows of other peers, in memory, bounded in number and in bytes: kMaxPeers
/// peers with so many addresses and protocols each, what exceeds them is not kept; of those without
/// a live connection the least recently used go first. Expired addresses count as absent.
class PeerStore {
 public:
  static constexpr std::size_t kMaxAddressesPerPeer = 64;
  static constexpr std::size_t kMaxPeers = 10'000;
  static constexpr std::size_t kMaxAddressBytesPerPeer = 8 * 1024;
  static constexpr std::size_t kMaxProtocols = 1024;
  static constexpr std::size_t kMaxProtocolBytesPerPeer = 8 * 1024;
  static constexpr std::size_t kMaxAgentBytes = 256;
  /// Addresses that are kept of a peer that has left, and so many peers of which nothing is known
  /// but what they said of themselves.
  static constexpr std::size_t kMaxAddressesOfAbsent = 8;
  static constexpr std::size_t kMaxStrangersGone = 256;

  explicit PeerStore(Clock& clock) : clock_(clock) {}

  /// Addresses without /p2p. A better source replaces a worse one; `lifetime` counts from now.
  void add_address(const PeerId& peer, const Multiaddr& address, AddressSource source,
                   Duration lifetime);
  /// Best source first, then in order of arrival.
  std::vector<Multiaddr> addresses(const PeerId& peer) const;

  /// Replaces what was known.
  void set_protocols(const PeerId& peer, std::vector<std::string> protocols);
  void set_agent(const PeerId& peer, std::string agent);
  std::string agent(const PeerId& peer) const;
  /// None before identify has told.
  const std::vector<std::string>* protocols(const PeerId& peer) const;
  bool speaks(const PeerId& peer, const std::string& protocol) const;

  /// A pinned peer is not forgotten. After the last pin only its addresses are kept: what it speaks
  /// it says again when it is met again.
  void pin(const PeerId& peer);
  void unpin(const PeerId& peer);

  std::size_t size() const { return entries_.size(); }

 private:
  struct Address {
    Multiaddr address;
    AddressSource source;
    TimePoint expires;
  };
  struct Entry {
    std::vector<Address> addresses;
    std::optional<std::vector<std::string>> protocols;
    std::string agent;
    std::uint32_t pins = 0;
    std::list<PeerId>::iterator age;
  };

  Entry& entry(const PeerId& peer);
  const Entry* find(const PeerId& peer) const;
  void make_room();
  void forget_strangers();

  Clock& clock_;
  std::unordered_map<PeerId, Entry> entries_;
  std::deque<PeerId> strangers_gone_;  // oldest first; some are back, or known better by now
  std::list<PeerId> by_age_;           // least recently written first
};

}  // namespace shoal::net
