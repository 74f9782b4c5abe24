#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/block_reader.h"
#include "content/bitswap/copy_counts.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/peer_wants.h"
#include "content/bitswap/send_queue.h"
#include "net/resources/memory_budget.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

/// Answers what peers want.
///
/// For each peer, one task reads blocks ahead of another that writes them: small blocks gathered
/// into messages, big ones alone, none of them copied once the peer has proved quick.
///
/// Blocks in memory are paid for from one budget. While others wait for it, the blocks of a peer
/// that takes them too slowly are put back: a message that was begun goes on from where it was,
/// with its blocks read again. Slow peers lose nothing but time, and keep nobody waiting.
class Server {
 public:
  static constexpr std::size_t kMessageBlockBytes = 1024 * 1024;
  /// Blocks read and not yet written, for one peer.
  static constexpr std::size_t kReadAheadBytes = 4 * 1024 * 1024;
  /// The same for all peers together; one that has taken nothing yet gets one message's worth.
  static constexpr std::size_t kBudgetBytes = 32 * 1024 * 1024;
  /// While the budget is contended: below this rate blocks are put back, to be read again.
  static constexpr net::MemoryBudget::MinimumRate kMinimumRate{.grace = 100ms,
                                                               .bytes_per_second = 4 * 1024 * 1024};
  /// The same for one that was quick, whose blocks cannot be put back while they are being written:
  /// it is disconnected.
  static constexpr net::MemoryBudget::MinimumRate kMinimumQuickRate{.grace = 5s,
                                                                    .bytes_per_second = 32 * 1024};
  /// Of a message to one that is not quick, what is copied so that its blocks can be put back. A
  /// block of 1 MiB is thus read 16 times at most.
  static constexpr std::size_t kCopyBytes = 64 * 1024;
  /// While the line is idle, a message is sent when it has this much.
  static constexpr std::size_t kIdleMessageBytes = 64 * 1024;
  static constexpr std::size_t kMaxPresences = 2048;
  /// A peer that shares is taken to give until it has been sent so many blocks; from then on when
  /// it gave at least a fourth of that: to us, or to others, who then want it of us no more.
  static constexpr std::uint64_t kTrustedBlocks = 4;
  static constexpr std::uint64_t kSentForGiven = 4;
  /// Blocks are offered to those that share while less than so much is on its way to them, or what
  /// leaves in so much time and while two offers are answered: enough to keep the line busy.
  static constexpr std::size_t kOfferAheadBytes = 128 * 1024;
  static constexpr Duration kOfferAhead = 100ms;
  static constexpr Duration kMostOfferAhead = 2s;
  /// One that takes nothing for so long keeps nobody else waiting.
  static constexpr Duration kStuck = 500ms;
  /// Blocks among which the rarest is chosen for an offer, and peers that are counted for it: a
  /// choice costs the product of both.
  static constexpr std::size_t kOfferChoice = 32;
  static constexpr std::size_t kOfferPeers = 64;
  /// One that shares hears of blocks that have come together, and no sooner after the last.
  static constexpr Duration kSayPause = 20ms;
  /// In the middle of a message nobody waits longer for a turn: its receiver would give it up.
  static constexpr Duration kLongestPause = 20s;
  /// A message with less of blocks is not worth waiting for a turn.
  static constexpr std::size_t kTurnBytes = 64 * 1024;
  /// Small blocks read from the disk in one go.
  static constexpr std::size_t kReadTogether = 32;
  static constexpr int kMaxFailures = 4;

  Server(System& system, net::Swarm& swarm, BlockReader& store);

  void receive(const PeerId& from, const Message& message);
  void offer(const Multihash& hash);
  void offer_all();
  void disconnected(const PeerId& from, net::ConnectionId connection, bool was_last);
  /// `peer` gives what it gets to others who want it, too: it is sent first what the fewest have.
  void note_sharing(const PeerId& peer);
  bool is_giving() const;
  /// It gave us a block.
  void note_given(const PeerId& peer);
  void when_saturated(std::function<bool()> saturated) {
    queue_.when_saturated(std::move(saturated));
  }
  Subscription when_sent(std::function<void(const Sent&)> callback) {
    return sent_.add(std::move(callback));
  }
  Task<void> stop();

  std::size_t peers() const { return peers_.size(); }
  std::size_t bytes_leaving(const BlockFilter& counted) const;
  /// Whether it has taken blocks since it connected, or we asked it for some.
  bool is_established(const PeerId& peer) const;

 private:
  struct Peer;
  using PeerPtr = std::shared_ptr<Peer>;
  struct Batch;
  using BatchPtr = std::unique_ptr<Batch>;

  PeerPtr start(const PeerId& id);
  void end(const PeerPtr& peer);
  Task<void> read_ahead(PeerPtr peer);
  Task<BatchPtr> read_batch(Peer& peer);
  Task<void> reserve(const PeerId& peer, Batch& batch, std::size_t bytes);
  /// Reads the blocks of one that were put back; those that are gone are left out.
  Task<void> read_again(Peer& peer, Batch& batch);
  /// What comes next and fits a message that has `bytes` already.
  static std::vector<Cid> next_blocks(Peer& peer, std::size_t bytes);
  Task<std::vector<std::optional<SharedBytes>>> read_blocks(const std::vector<Cid>& cids);
  Task<void> send_all(PeerPtr peer);
  /// While a block is being sent, what is said goes out beside it; to one that shares, always.
  Task<void> say_beside(PeerPtr peer);
  Task<void> say(Peer& peer);
  void make_sharing(Peer& peer);
  std::size_t read_ahead_bytes(const Peer& peer) const;
  void forget_copies(const Batch& batch);
  /// Offers blocks to those that share what they get, while the line has time for them.
  Task<void> offer_blocks();
  Peer* choose_taker(TimePoint now);
  std::optional<Multihash> choose_offer(const Peer& peer);
  std::vector<const Peer*> some_peers() const;
  /// On its way to it: offered, asked for, read or being written.
  std::size_t under_way_bytes(Peer& peer, TimePoint now) const;
  std::size_t offer_ahead_bytes(TimePoint now) const;
  Duration answer_time() const;
  void note_sent_bytes(std::size_t bytes);
  void look_for_offers();
  Task<void> send_next(Peer& peer);
  /// Several peers are sent to, and some of them share what they get.
  bool is_swarm() const { return !sharing_.empty() && peers_.size() > 1; }
  Task<std::unique_ptr<SendQueue::Turn>> take_turn(Peer& peer);
  /// Credits those who gave what `peer` does not want of us any more.
  void credit_givers(const Peer& peer, const Message& message);
  /// Of those that give nothing, also in the middle of a message, and what was read before anybody
  /// shared.
  bool must_wait_for_turn(const Peer& peer, const Batch& batch) const;
  Task<void> wait_for_turn(Batch& batch);
  bool gives(const Peer& peer) const;
  Task<void> write(Peer& peer, Batch& batch);
  Task<void> write_part(Peer& peer, Batch& batch);
  void pin(const PeerId& peer, Batch& batch);
  /// Of what was read: without what has been called off since.
  BatchPtr take_ready(Peer& peer);

  System& system_;
  net::Swarm& swarm_;
  BlockReader& store_;
  Subscribers<const Sent&> sent_;
  net::MemoryBudget budget_;
  CopyCounts copies_;
  SendQueue queue_;
  std::set<PeerId> established_;  // connected ones
  std::set<PeerId> sharing_;      // likewise
  std::map<PeerId, PeerPtr> peers_;
  std::uint32_t next_number_ = 0;
  Event may_offer_;
  bool look_again_ = false;
  bool offering_ = false;
  double sent_lately_ = 0;  // bytes to those that share, of which half is forgotten each second
  TimePoint sent_lately_at_{};
  std::size_t largest_ = 0;  // block of theirs
  TaskGroup tasks_;
};

}  // namespace shoal::content::bitswap
