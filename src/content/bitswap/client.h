#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/in_hand.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/mismatch_tracker.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/want_table.h"
#include "content/bitswap/wantlist.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

class SessionState;
class HolderSearch;

/// The asking side: one wantlist for each peer, made of what all sessions want of it, and the way
/// of what comes back to the sessions.
///
/// An honest peer sends only what it was asked for. Since a block comes without its digest, one
/// that was tampered with looks like one that nobody asked for: a peer that owes blocks and sends
/// such a thing instead is a liar, and no session asks it again. What it was asked for already it
/// may still send for a while: that tells which block it lied about.
class Client {
 public:
  /// Unsolicited blocks that a peer which owes nothing may send before it is disconnected.
  static constexpr std::size_t kMaxUnsolicitedBlocks = 16;
  static constexpr std::size_t kMaxUnsolicitedBytes = 16 * 1024 * 1024;
  /// What can wait is told with what comes next, or after this.
  static constexpr Duration kCanWait = 20ms;
  static constexpr int kMaxFailures = 5;
  /// How long a liar's other answers are waited for. A peer whose first right answer came less than
  /// this ago may be sending what it was asked for by an earlier life of this node: it gets the
  /// benefit of the doubt until it has been silent for so long, or has sent all that it owes.
  static constexpr Duration kInquiryTime = 2s;

  /// How many bytes of messages that have come in part a peer has sent.
  using Arriving = std::function<std::size_t(const PeerId&)>;

  Client(System& system, net::Swarm& swarm, Tuning tuning, Arriving arriving);
  ~Client();

  std::unique_ptr<Session> session(Asks whom);
  std::shared_ptr<void> who_has(Cid cid, std::function<void(const PeerId&)> found);
  void receive(const PeerId& from, const Message& message);
  /// Whether one of them was wanted.
  bool receive_blocks(const PeerId& from, std::vector<ReceivedBlock> blocks);
  void connected(const PeerId& peer);
  void disconnected(const net::Connection& connection, bool was_last);
  void when_bad_peer(std::function<void(const BadPeer&)> callback) { bad_ = std::move(callback); }
  Task<void> stop();

  // For sessions.
  System& system() { return system_; }
  net::Swarm& swarm() { return swarm_; }
  TaskGroup& tasks() { return tasks_; }
  InHand& in_hand() { return *in_hand_; }
  SharedBytes count_in_hand(SharedBytes block) { return InHand::count(in_hand_, std::move(block)); }
  std::size_t arriving(const PeerId& peer) const { return arriving_(peer); }
  void set_want(const PeerId& peer, std::uint64_t session, const Cid& cid, Ask ask,
                std::uint64_t order, bool again, bool can_wait = false);
  void end_session(SessionState& session);
  /// Returns when it is told of every liar what it lied about.
  Task<void> settle();

 private:
  struct Link;
  struct Unsolicited {
    std::size_t blocks = 0;
    std::size_t bytes = 0;
  };

  struct Lie {
    std::uint64_t number;
    MismatchTracker mismatches;
    std::size_t bytes;
    bool doubtful;
    TimePoint last_right;
    bool asked_again = false;
    std::vector<std::uint64_t> sessions{};                   // that were told
    std::vector<std::pair<std::uint64_t, Cid>> withdrawn{};  // once it is over, by which session
  };

  Link& link(const PeerId& peer);
  Link* find(const PeerId& peer);
  void ask_again(const PeerId& peer);
  Task<void> send_wants(std::shared_ptr<Link> link);
  Task<void> wait_for_more(std::shared_ptr<Link> link);
  Task<void> send_changes(Link& link);
  /// What the peer says is expected while it owes answers.
  void update_expectation(Link& link);
  bool take_block(const PeerId& from, ReceivedBlock block);
  void note_right(const PeerId& from, Link& link, const Multihash& hash);
  void take_unasked(const PeerId& from, const ReceivedBlock& block);
  void expose(const PeerId& liar, const ReceivedBlock& block);
  void accuse(const PeerId& liar, Lie& lie);
  Task<void> conclude_later(PeerId liar, std::uint64_t number);
  void conclude(const PeerId& liar);
  void forget_lie(const PeerId& peer);
  std::vector<std::shared_ptr<SessionState>> sessions() const { return sessions_; }
  std::vector<std::shared_ptr<HolderSearch>> holder_searches() const;

  System& system_;
  net::Swarm& swarm_;
  const Tuning tuning_;
  const Arriving arriving_;
  std::function<void(const BadPeer&)> bad_;
  std::uint64_t next_session_ = 0;
  std::vector<std::shared_ptr<SessionState>> sessions_;
  std::vector<std::weak_ptr<HolderSearch>> holder_searches_;
  std::map<PeerId, std::shared_ptr<Link>> links_;
  std::map<PeerId, Unsolicited> unsolicited_;  // of connected peers
  std::map<PeerId, Lie> lies_;                 // that are looked into
  std::uint64_t next_lie_ = 0;
  Event settled_;
  const std::shared_ptr<InHand> in_hand_;
  TaskGroup tasks_;
};

}  // namespace shoal::content::bitswap
