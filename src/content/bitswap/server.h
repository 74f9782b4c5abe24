#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/block_reader.h"
#include "content/bitswap/ledger.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/room.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

/// Answers what peers want.
///
/// For each peer, one task reads blocks ahead of another that writes them: small blocks gathered
/// into messages, big ones alone, none of them copied.
class Server {
 public:
  static constexpr std::size_t kMessageBlockBytes = 1024 * 1024;
  /// Blocks read and not yet written, for one peer.
  static constexpr std::size_t kReadAheadBytes = 4 * 1024 * 1024;
  /// The same for all peers together; one that has taken nothing yet gets one message's worth.
  static constexpr std::size_t kRoomBytes = 32 * 1024 * 1024;
  /// While the line is idle, a message is sent when it has this much.
  static constexpr std::size_t kIdleMessageBytes = 64 * 1024;
  static constexpr std::size_t kMaxPresences = 2048;
  /// Small blocks read from the disk in one go.
  static constexpr std::size_t kReadTogether = 32;
  static constexpr int kMaxFailures = 4;

  Server(System& system, net::Swarm& swarm, BlockReader& store);

  void receive(const PeerId& from, const Message& message);
  void offer(const Multihash& hash);
  void offer_all();
  void disconnected(const PeerId& from, net::ConnectionId connection, bool was_last);
  void when_sent(std::function<void(const Sent&)> callback) { sent_ = std::move(callback); }
  Task<void> stop();

  std::size_t peers() const { return peers_.size(); }
  std::size_t bytes_leaving() const;
  const Room& room() const { return room_; }

 private:
  struct Peer;
  using PeerPtr = std::shared_ptr<Peer>;
  struct Batch {
    Message message;
    std::vector<Cid> cids;  // of its blocks
    std::unique_ptr<Room::Share> share;
  };

  PeerPtr start(const PeerId& id);
  void end(const PeerPtr& peer);
  Task<void> read_ahead(PeerPtr peer);
  Task<Batch> read_batch(Peer& peer);
  /// What comes next and fits a message that has `bytes` already.
  static std::vector<Cid> next_blocks(Peer& peer, std::size_t bytes);
  Task<std::vector<std::optional<SharedBytes>>> read_blocks(const std::vector<Cid>& cids);
  Task<void> send_all(PeerPtr peer);
  Task<void> send_next(Peer& peer);
  /// Of what was read: without what has been called off since.
  static Batch take_ready(Peer& peer);

  System& system_;
  net::Swarm& swarm_;
  BlockReader& store_;
  std::function<void(const Sent&)> sent_;
  Room room_;
  std::map<PeerId, PeerPtr> peers_;
  TaskGroup tasks_;
};

}  // namespace shoal::content::bitswap
