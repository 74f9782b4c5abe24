#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/peer_window.h"
#include "format/multihash.h"
#include "system/time.h"

namespace shoal::content::bitswap {

/// The numbers that a session lives by.
struct Tuning {
  /// A peer that owes blocks is stalled when it is silent for longer than 95 % of the others'
  /// blocks take, within these two, and for longer than five times its own usual time for a block,
  /// but no longer than the third.
  Duration stall_at_least = 250ms;
  Duration stall = 1s;
  Duration stall_at_most = 5s;
  /// When all is asked for, a peer that owes nothing is also asked for what another has owed for so
  /// many times what either of them usually takes, `stall` at most.
  int late = 2;
  /// A stalled peer that owes nothing any more gets another try, a small one, after this; twice as
  /// long after each stall without a block in between, up to the next.
  Duration forgive = 5s;
  Duration forgive_at_most = 1min;
  /// A peer that lacks so many blocks in a row is asked to say what it has, and for blocks again
  /// when it says so.
  int lacks_in_a_row = 3;
  /// A want that nobody else can serve is said again to a silent peer: it may have been lost.
  Duration say_again = 30s;
  /// Peers that lack a block are asked again after this, doubling up to the next.
  Duration ask_again = 2s;
  Duration ask_again_at_most = 30s;
  /// How long all peers must lack a block before it is not_found …
  Duration give_up = 10s;
  /// … and how long nothing may have come from any of them, when something did: who has a part may
  /// be about to get the rest.
  Duration give_up_partial = 15s;
  /// Blocks are waited for though every peer lacks them: others may come.
  bool peers_may_come = false;
  /// While others get the same from the same peers, each waits in many queues: how long a peer may
  /// be silent before it is stalled; twice what 95 % of the others' blocks take, within these.
  Duration stall_together = 3s;
  Duration stall_together_at_most = 30s;
  /// What peers that have the whole are asked for, all together, while others get the same: from
  /// these they choose what the fewest have.
  std::size_t choice = 64;
};

/// What we told, or should tell, one peer about one block.
enum class Ask { nothing, have, block };

/// Which peer is asked for which block, and when another is. Sans-I/O; one for each session.
///
///     want() -> open --- plan() ---> asked (of one peer) --- block() ---> gone
///                ^                     |
///                |  DONT_HAVE, stall,  |
///                +---- disconnect -----+
///                |
///                +-- every peer lacks it,
///                    or stalls with it --> exhausted -- have() --> open
///
/// Peers that get the same tree (PeerRole::part) are told every want as WANT_HAVE. What one of them
/// has is asked of it rather than of a peer that has the whole, whose queue it leaves: the rarest
/// block first. Peers with the whole are asked for many blocks at once, to choose from.
///
/// While a want is exhausted, one peer keeps a WANT_BLOCK, so that it sends the block as soon as it
/// has it, and the others are told WANT_HAVE.
class WantTable {
 public:
  using Peer = std::uint32_t;
  /// Blocks that tell what one usually takes.
  static constexpr std::size_t kEnoughLatencies = 8;

  /// To be told to a peer. `again`: even if it was told before. `can_wait`: for a moment, so that
  /// it is told together with what comes next.
  struct Action {
    Peer peer;
    Multihash hash;
    Ask ask;
    bool again = false;
    bool can_wait = false;
    std::uint64_t order;
  };

  enum class GaveUp { not_found, corrupt };

  /// Of a root it is final that a peer lacks it; of another part not.
  enum class Kind { part, root };

  /// `salt` decides between blocks that are equally rare, so that sessions differ.
  explicit WantTable(Tuning tuning, std::uint64_t salt = 0) : tuning_(tuning), salt_(salt) {}

  /// A peer that may come up later.
  Peer add_peer();
  /// Whether peers may come that have what all others lack.
  void expect_peers(bool more) { tuning_.peers_may_come = more; }
  void peer_up(Peer peer, TimePoint now);
  /// Its wants go to others.
  void peer_down(Peer peer);
  /// It has sent something that nobody asked for instead of what it owes. Never asked again.
  void peer_lied(Peer peer);
  void set_role(Peer peer, PeerRole role);
  PeerRole role(Peer peer) const { return peers_[peer].role; }
  /// Whether it may come up yet; while it may, nothing is given up.
  void set_hope(Peer peer, bool hope) { peers_[peer].hope = hope; }
  bool up(Peer peer) const { return peers_[peer].up; }
  std::size_t live_peers() const;
  /// Whether a peer that gets the same is up.
  bool together() const { return parts_up_ > 0; }

  void want(const Multihash& hash, Kind kind = Kind::part);
  void unwant(const Multihash& hash);
  bool wants(const Multihash& hash) const { return wants_.contains(hash); }
  std::size_t size() const { return wants_.size(); }
  std::vector<Multihash> all() const;

  /// The wanted block came, from a peer of ours or another; the want is gone.
  void block(std::optional<Peer> from, const Multihash& hash, std::size_t bytes, TimePoint now);
  /// Part of something has come from it.
  void moving(Peer peer, TimePoint now);
  /// Something came that is right but late.
  void alive(Peer peer, TimePoint now);
  void have(Peer peer, const Multihash& hash, TimePoint now);
  void dont_have(Peer peer, const Multihash& hash, TimePoint now);

  /// Finds stalls and repeats questions; what no peer will have is returned, and gone.
  std::vector<std::pair<Multihash, GaveUp>> tick(TimePoint now);
  /// Assigns open wants to peers with room, in order. Returns all that is to be told.
  std::vector<Action> plan(TimePoint now);

  std::size_t outstanding(Peer peer) const { return peers_[peer].outstanding.size(); }
  std::size_t window(Peer peer) const { return capacity(peers_[peer]); }

 private:
  struct Question {
    Peer peer;
    Ask ask = Ask::nothing;
    bool lacks = false;
    bool has = false;  // it said so
    int answers = 0;   // DONT_HAVEs in a row
    TimePoint asked_at{};
    TimePoint again_at{};
    Duration backoff{};
  };
  struct Want {
    Multihash hash;
    std::uint64_t order;
    Kind kind;
    std::vector<Question> questions;  // in order of first asking
    bool lied = false;                // a liar was asked for it
    std::optional<TimePoint> exhausted_since;
  };
  using Ordered = std::map<std::uint64_t, Want*>;
  struct PeerState {
    PeerRole role = PeerRole::unknown;
    bool unsurveyed = false;  // not told all wants as WANT_HAVE
    bool up = false;
    bool lied = false;
    bool hope = true;
    bool stalled = false;
    bool limited = false;  // by its window, as of the last plan()
    int stalls = 0;        // since its last block
    int lacks = 0;         // DONT_HAVEs for WANT_BLOCKs, since its last block or HAVE
    TimePoint stalled_at{};
    PeerWindow window;
    Ordered outstanding;  // WANT_BLOCKs
    Ordered offers;       // of a part peer: wants that it has and was not asked for
    TimePoint last_delivery{};
    TimePoint busy_since{};
    Duration silent{};                // that it was before, when another sent the last that it owed
    std::optional<Duration> usual;    // smoothed time between blocks while some are owed
    std::optional<Duration> latency;  // smoothed time from asking to the block

    TimePoint quiet_since() const { return std::max(last_delivery, busy_since); }
  };

  static Question* find(Want& want, Peer peer);
  static const Question* find(const Want& want, Peer peer);
  Question& question(Want& want, Peer peer);
  /// Of a peer that may be expected to send it.
  bool asked_for_block(const Want& want) const;
  void release(Peer peer, bool lied);
  void tell(Want& want, Question& question, Ask ask, bool again = false);
  void erase(Want& want);
  void make_open(Want& want);
  void make_dry(Want& want, TimePoint now);
  void cancel_where_it_lacks(Want& want);
  void ask_the_poor(Want& want);
  void delivered(Peer peer, Want& want, std::size_t bytes, TimePoint now);
  bool is_unhelpful(const PeerState& peer) const {
    return peer.role == PeerRole::part || peer.lacks >= tuning_.lacks_in_a_row;
  }
  /// Blocks that may be asked of it at once.
  std::size_t capacity(const PeerState& peer) const;
  bool is_full(const PeerState& peer) const { return peer.outstanding.size() >= capacity(peer); }
  void count_roles();
  void survey();
  /// Whether it had to be told.
  bool survey(Want& want, Peer peer);
  void forget_offers(const Want& want);
  /// Asks part peers for what they have, one block each in turn.
  void take_offers(TimePoint now);
  Want* best_offer(Peer peer);
  bool is_left_to_wholes(const Want& want) const;
  void recall_from_wholes(Want& want);
  bool has_room() const;
  /// The least loaded peer that may have it; `any` says whether there is one but for room.
  std::optional<Peer> choose(const Want& want, bool& any) const;
  void ask_for_block(Want& want, Peer peer, TimePoint now);
  bool is_stalled(const PeerState& peer, TimePoint now, Duration limit) const;
  Duration stall_limit(Peer peer) const;
  void watch(Peer peer, TimePoint now);
  bool may_help(Peer helper) const;
  void help(Peer helper, Peer slow, TimePoint now);
  void ask_again(Want& want, TimePoint now);
  Peer keeper_of(const Want& want) const;
  bool is_hopeless(const Want& want, TimePoint now) const;
  bool somebody_may_come() const;

  Tuning tuning_;
  const std::uint64_t salt_;
  std::vector<PeerState> peers_;
  std::size_t parts_up_ = 0;
  std::size_t wholes_up_ = 0;
  std::vector<Multihash> unsurveyed_;  // wants that came while part peers were up
  std::unordered_map<Multihash, Want> wants_;
  Ordered open_;
  Ordered exhausted_;
  std::deque<std::pair<Peer, Duration>> latencies_;  // of the last blocks
  std::optional<TimePoint> last_sign_;               // of a peer that has some of it
  std::vector<Action> actions_;
  std::uint64_t next_order_ = 0;
};

}  // namespace shoal::content::bitswap
