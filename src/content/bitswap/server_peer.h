#pragma once

#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "content/bitswap/server.h"

namespace shoal::content::bitswap {

/// A message that is being made or written.
struct Server::Batch {
  Message message;        // its blocks are there as long as it holds its reservation
  std::vector<Cid> cids;  // of the blocks
  std::vector<std::size_t> sizes;
  std::unique_ptr<net::MemoryBudget::Reservation> reservation;
  std::optional<EncodedMessage> encoded;
  std::size_t written = 0;                  // of the encoded message
  bool counted = false;                     // in copies_
  std::unique_ptr<SendQueue::Turn> turn{};  // null while nobody has to wait for one
  bool pinned = false;                      // the part being written lies in the blocks

  std::size_t block_bytes() const {
    return std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
  }
  bool is_put_back() const { return message.blocks.size() != cids.size(); }
  bool is_empty() const { return cids.empty() && message.presences.empty(); }
  /// The memory may be taken away from now on, while others wait for it.
  void allow_put_back() {
    pinned = false;
    reservation->make_revocable(kMinimumRate, [this] { put_back(); });
  }
  void put_back() {
    encoded.reset();
    message.blocks.clear();
    reservation.reset();
  }
  void add(Cid cid, SharedBytes content) {
    message.blocks.push_back({CidPrefix::of(cid), std::move(content)});
    sizes.push_back(message.blocks.back().data.size());
    cids.push_back(std::move(cid));
  }
  void remove(std::size_t i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    if (!is_put_back()) message.blocks.erase(message.blocks.begin() + at);
    cids.erase(cids.begin() + at);
    sizes.erase(sizes.begin() + at);
  }
};

struct Server::Peer {
  Peer(System& system, net::Swarm& swarm, const PeerId& peer)
      : id(peer),
        peer_wants(system.clock.now()),
        out(system, swarm, peer),
        beside(system, swarm, peer),
        wanted(system.waits),
        drained(system.waits),
        sendable(system.waits) {}

  const PeerId id;
  std::uint32_t number = 0;
  std::uint64_t given = 0;  // blocks
  std::uint64_t sent = 0;
  PeerWants peer_wants;
  OutboundStream out;
  OutboundStream beside;       // for what must not wait behind blocks
  TimePoint said_at{};         // beside blocks
  bool sharing = false;        // what it gets
  bool has_offer = false;      // that it was not told yet
  bool slow = false;           // it gave up its turn
  TimePoint moved_at{};        // when it last took a part of what is being written
  double rate = 0;             // at which the last message went, in bytes per second
  std::deque<BatchPtr> ready;  // read, to be written
  std::size_t ready_bytes = 0;
  std::size_t leaving = 0;  // of the blocks being written
  Bytes copy;               // of the message, to be written next; its blocks may be put back
  std::size_t copied = 0;   // of the copy, what has been written
  const Batch* writing = nullptr;
  bool gone = false;
  Event wanted;
  Event drained;
  Event sendable;

  bool gives() const { return sharing && (sent < kTrustedBlocks || kSentForGiven * given >= sent); }
  bool is_idle() const { return ready.empty() && writing == nullptr; }
  bool takes_its_time(TimePoint now) const {
    return slow || (writing != nullptr && now - moved_at >= kStuck);
  }
  std::size_t bytes_leaving(const BlockFilter& counted) const;
};

}  // namespace shoal::content::bitswap
