#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/multiaddr.h"
#include "format/peer_id.h"
#include "net/swarm/saved_peers.h"
#include "system/clock.h"

namespace shoal::net {

/// What this node knows of other peers, in memory, bounded in number and in bytes: kMaxPeers
/// peers with so many addresses and protocols each, what exceeds them is not kept; of those without
/// a live connection the least recently used go first. Expired addresses count as absent; none
/// expires while its peer is connected.
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

  /// How long addresses last at least after the end of the last connection; and those that a
  /// useful peer was reached at.
  static constexpr Duration kAfterConnection = 10min;
  static constexpr Duration kUsefulLifetime = 7 * 24h;
  /// What save() returns at most.
  static constexpr std::size_t kMaxSavedBytes = 1024 * 1024;

  explicit PeerStore(Clock& clock) : clock_(clock) {}

  /// Addresses without /p2p. A better source replaces a worse one; `lifetime` counts from now.
  void add_address(const PeerId& peer, const Multiaddr& address, AddressSource source,
                   Duration lifetime, std::optional<PeerId> told_by = std::nullopt);
  /// Called after each address that was not known before. Replaces the one before; must not change
  /// what is stored here.
  void when_added(std::function<void(const PeerId&)> callback) { added_ = std::move(callback); }
  void remove_address(const PeerId& peer, const Multiaddr& address);
  /// Best source first, then in order of arrival.
  std::vector<Multiaddr> addresses(const PeerId& peer) const;
  std::vector<KnownAddress> known(const PeerId& peer) const;
  /// The peer served us or was served: its addresses are kept for long, and saved first.
  void note_useful(const PeerId& peer);

  /// The best addresses of peers that were connected, given by the user or signed for: useful
  /// peers first, then those heard of last. For restore(), now or after a restart.
  Bytes save() const;
  /// Adds what is still valid. Throws Error{malformed} or {limit} for anything but the whole of
  /// what save() returned, having changed nothing.
  void restore(ByteView saved);

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
  using Protocols = std::vector<std::string>;
  struct Address {
    Multiaddr address;
    AddressSource source;
    TimePoint expires;
    std::optional<PeerId> told_by;
  };
  struct Entry {
    std::vector<Address> addresses;
    std::shared_ptr<const Protocols> protocols;  // null before identify has told
    std::string agent;
    std::uint32_t pins = 0;
    bool useful = false;
    std::list<PeerId>::iterator age;
  };

  Entry& entry(const PeerId& peer);
  /// Peers that run the same program speak the same: kept once, if one of them told of late.
  std::shared_ptr<const Protocols> shared(Protocols protocols);
  const Entry* find(const PeerId& peer) const;
  bool is_valid(const Entry& entry, const Address& address) const;
  SavedPeer saved(const PeerId& peer, const Entry& entry) const;
  void make_room();
  void forget_strangers();

  Clock& clock_;
  std::function<void(const PeerId&)> added_;
  std::unordered_map<PeerId, Entry> entries_;
  static constexpr std::size_t kListsLookedThrough = 16;
  std::list<std::weak_ptr<const Protocols>> lists_;  // newest first
  std::deque<PeerId> strangers_gone_;  // oldest first; some are back, or known better by now
  std::list<PeerId> by_age_;           // least recently written first
};

}  // namespace shoal::net
