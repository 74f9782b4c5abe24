#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/message.h"
#include "content/bitswap/want_table.h"
#include "system/event.h"

namespace shoal::content::bitswap {

class Client;

/// A session's substance. Shared with its tasks, which outlive the Session by a step or two.
class SessionState : public std::enable_shared_from_this<SessionState> {
 public:
  /// Tries to reach a peer, 1, 2 and 4 seconds apart, and how long that may take in all. One that
  /// was there is tried for as long as somebody waits, up to the third apart.
  static constexpr int kMaxTries = 4;
  static constexpr Duration kMaxTrying = 15s;
  static constexpr Duration kMaxPause = 30s;
  /// One that said farewell is left alone while others send: until nothing has come for up to so
  /// long, and for no longer than the longest pause.
  static constexpr Duration kSilence = 10s;
  /// A connection that lived for so long was a good one.
  static constexpr Duration kGoodConnection = 10s;
  static constexpr Duration kTick = 100ms;
  /// What is connected by a relay with limits is asked for nothing for so long, while both sides
  /// try to reach each other directly.
  static constexpr Duration kDirectPatience = 6s;
  /// A peer that was given up is tried again now and then.
  static constexpr Duration kTryGivenUp = 1min;

  SessionState(Client& client, std::uint64_t id, Tuning tuning, Asks whom);

  void start();
  void end();
  void add_peer(const PeerId& peer);
  void add_neighbour(const PeerId& peer);
  void set_role(const PeerId& peer, PeerRole role);
  bool together() const { return table_.together(); }
  void bound_memory() { bounds_memory_ = true; }
  void expect_peers(bool more);
  static Task<Block> fetch(std::shared_ptr<SessionState> self, Cid cid, WantTable::Kind kind);

  std::uint64_t id() const { return id_; }
  const SessionCounts& counts() const { return counts_; }
  std::size_t bytes_arriving() const;
  std::size_t live_peers() const { return table_.live_peers(); }

  std::vector<Trouble> troubles() const;

  bool wants(const Multihash& hash) const { return table_.wants(hash); }
  bool has_peer(const PeerId& peer) const { return by_id_.contains(peer); }
  void deliver(const PeerId& from, const Multihash& hash, const SharedBytes& bytes);
  void duplicate(const PeerId& from, std::size_t bytes);
  void presence(const PeerId& from, const Presence& presence);
  void connected(const PeerId& peer);
  /// `in_order`: it said farewell, as one does that has too many connections.
  void disconnected(const PeerId& peer, bool in_order);
  /// It is asked for nothing more; false when it never was, or is known as a liar already.
  bool lied(const PeerId& peer);
  /// That is told.
  void exposed(const PeerId& peer, const std::string& reason);
  /// It is connected, but of no use.
  void useless(const PeerId& peer, const std::string& reason);

 private:
  /// One fetch() under way; lives in its frame.
  struct Waiter {
    explicit Waiter(Waits& waits) : done(waits) {}
    Event done;
    bool finished = false;
    SharedBytes bytes;
    std::exception_ptr failure;
  };
  struct Fetch {
    Cid cid;
    std::vector<Waiter*> waiters;
  };
  struct PeerState {
    explicit PeerState(PeerId peer, WantTable::Peer number, Waits& waits)
        : id(std::move(peer)), index(number), changed(waits) {}
    const PeerId id;
    const WantTable::Peer index;
    Event changed;
    std::string reason;    // why it cannot be had; empty while there is hope
    std::string failure;   // of the last try
    bool refused = false;  // by every address, at the last try
    bool was_connected = false;
    bool said_farewell = false;
    int tries = 0;
    TimePoint trying_since{};
    bool useless = false;  // connected, but speaks no bitswap
    bool lied = false;
    bool is_neighbour = false;          // not for us to connect to
    std::size_t arriving = 0;           // as of the last tick
    std::optional<std::size_t> source;  // in counts_
  };

  PeerState& make_peer(const PeerId& id);
  void join(Waiter& waiter, const Cid& cid, WantTable::Kind kind);
  void leave(Waiter& waiter, const Multihash& hash);
  void finish(const Multihash& hash, const SharedBytes& bytes, const std::exception_ptr& failure);
  void count(PeerState* from, std::size_t bytes);
  void wake();
  static Task<void> pump(std::shared_ptr<SessionState> self);
  static Task<void> watch(std::shared_ptr<SessionState> self);
  static Task<void> keep_connected(std::shared_ptr<SessionState> self, PeerState& peer);
  /// Until the connection ends.
  Task<void> use(PeerState& peer);
  /// One try, after a pause when others failed; gives up after too many.
  Task<void> reach(PeerState& peer);
  Duration pause_before_try(int tries) const;
  Task<void> wait_while_others_send(PeerState& peer);
  Duration at_most(Duration longest) const;
  bool others_may_send() const;
  Task<void> dial(PeerState& peer);
  Task<void> wait_for_change(PeerState& peer);
  Duration waits_for_direct_path(const PeerState& peer) const;
  Task<void> wait_for_direct_path(PeerState& peer);
  void withdraw(const PeerId& peer);
  void give_up_peer(PeerState& peer, std::string reason);
  void tell_peers();
  void tick();
  void note_arriving();
  void fail_if_nobody_is_left();
  std::string reasons() const;
  PeerState* find(const PeerId& peer);

  Client& client_;
  const std::uint64_t id_;
  const Asks whom_;
  bool more_expected_ = false;
  WantTable table_;
  SessionCounts counts_;
  std::vector<std::unique_ptr<PeerState>> peers_;
  std::map<PeerId, PeerState*> by_id_;
  std::unordered_map<Multihash, Fetch> fetches_;
  std::unordered_map<Multihash, Cid> told_;  // wants that a peer may still know of
  Event changed_;
  Event wanted_;
  TimePoint last_block_{};
  bool bounds_memory_ = false;
  bool dirty_ = false;
  bool ended_ = false;
};

}  // namespace shoal::content::bitswap
