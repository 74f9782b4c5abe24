#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "format/peer_id.h"
#include "protocol/kad/key.h"
#include "protocol/kad/message.h"
#include "protocol/kad/round_trips.h"
#include "system/time.h"

namespace shoal::kad {

/// How a lookup goes about it.
struct Rules {
  /// Requests that are expected to be answered any moment. Those that are slow are not among them.
  /// Peers within the radius are asked beside them, since they will be in any case.
  std::size_t alpha = 10;
  /// Peers that the lookup is for: the closest that answer.
  std::size_t replication = kReplication;
  /// Parts that share no peer (S/Kademlia, 4.4): one hostile part does not decide for the others.
  std::size_t disjoint_paths = 1;
  /// Ask another peer beside one that is slower than expected.
  bool hedges = true;
  /// For each peer, in place of what was measured.
  std::optional<Duration> fixed_timeout{};
  /// Ask every peer within the radius, not the nearest alone: else whoever makes ids nearer to a
  /// key than all others are keeps all records of it.
  bool covers_region = true;
  /// Distance within which `replication` peers are to be expected; none while that is not known.
  std::optional<Key> radius{};
  /// Hold peers to account for those they name that do not answer.
  bool judges_namers = true;
  std::size_t max_asks = 160;
  /// Unanswered, late ones included.
  std::size_t max_in_flight = 96;
  /// With fewer answers, the late ones are waited for, too.
  std::size_t min_answers = 1;

  /// What most implementations do: ten at once, each given 5 s.
  static Rules usual();
};

/// One request of a lookup, for whoever wants to see its way.
struct Hop {
  enum class Outcome { pending, answered, late, failed };

  PeerId peer;
  /// XOR distance to the target.
  Key distance;
  /// 0 for seeds; else one more than that of the peer that named it first.
  std::size_t round;
  TimePoint asked_at;
  Outcome outcome;
  /// Until the answer; zero without one.
  Duration round_trip;
  /// Peers that the answer named and that were new and usable.
  std::size_t named;
};

/// The iterative lookup toward a key (libp2p specs, kad-dht, "Lookup"), without I/O and clock.
///
///   waiting ── next() ──► asked ── hedge_after ──► slow ── late_after ──► late
///                           │                       │                      │
///                           └───────────────────────┴──────── answered() ──┴──► answered
///                                                             failed() ───────► failed
///
/// Always asks the nearest that wait. Requests that are slow no longer count against alpha, so
/// that others are asked beside them. Done when the nearest that are neither failed nor late have
/// all answered.
class Query {
 public:
  static constexpr std::size_t kMaxCandidates = 256;
  /// Of one answer: looked at, and kept, nearest first.
  static constexpr std::size_t kMaxNamed = Message::kMaxPeers;
  static constexpr std::size_t kMaxKept = kReplication;
  /// Unanswered requests to peers whom only one peer named; two more for each that has answered.
  static constexpr std::size_t kMaxUnconfirmed = 4;
  /// So many unanswering peers, and more than three times as many as answered, make whoever named
  /// them a suspect: the others that it alone named are dropped.
  static constexpr std::size_t kMaxUnanswering = 6;
  static constexpr std::size_t kMaxNamers = 4;

  using PatienceFor = std::function<Patience(const PeerId&)>;

  /// `self` is never asked. `patience_for` is called when a peer is about to be asked.
  Query(Key target, PeerId self, Rules rules, PatienceFor patience_for);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Peers to begin with, known good: nobody is held to account for them.
  void add_seeds(std::span<const PeerId> seeds);

  /// Whom to ask now; each peer is returned once. To be called after every event.
  std::vector<PeerId> next(TimePoint now);

  /// The answer of one that was asked; others, and second answers, are ignored.
  void answered(const PeerId& peer, std::span<const PeerId> closer, TimePoint now);
  void failed(const PeerId& peer, TimePoint now);
  void tick(TimePoint now);
  /// Enough is known.
  void finish() { finished_ = true; }

  bool done() const;
  /// When tick() has something to do; none when only an answer brings anything.
  std::optional<TimePoint> next_tick() const;

  /// Those that answered, nearest first.
  std::vector<PeerId> closest(std::size_t count) const;
  /// In the order in which they were asked.
  std::vector<Hop> hops() const;

  const Key& target() const { return target_; }
  std::size_t ask_count() const { return asked_.size(); }
  std::size_t answer_count() const { return answers_; }
  std::size_t candidate_count() const { return candidates_.size(); }
  /// Those that answered within the radius, which are the first of closest().
  std::size_t within_radius() const;

 private:
  enum class State { waiting, asked, slow, late, answered, failed };

  struct Candidate {
    PeerId peer;
    std::size_t path;
    std::size_t round;
    bool seed = false;
    State state = State::waiting;
    TimePoint asked_at{};
    Patience patience{};
    Duration round_trip{};
    std::size_t named = 0;
    std::vector<Candidate*> namers{};  // all have answered, and stay
    /// Of those that it named: unanswered now, given up, answered.
    std::size_t unconfirmed = 0;
    std::size_t unanswering = 0;
    std::size_t confirmed = 0;
    bool suspect = false;
  };

  Candidate* find(const PeerId& peer);
  std::size_t add_named(Candidate& namer, std::span<const PeerId> closer);
  bool add(const PeerId& peer, std::size_t path, std::size_t round, Candidate* namer);
  void make_room();
  Candidate* next_on(std::size_t path);
  bool may_ask(const Candidate& candidate) const;
  bool within_radius(const Key& distance) const;
  void ask(Candidate& candidate, TimePoint now);
  void answer_from(Candidate& candidate, TimePoint now);
  void give_up(Candidate& candidate, State state);
  void suspect(Candidate& namer);
  bool done(std::size_t path) const;
  std::size_t awaited(std::size_t path) const;
  std::size_t unanswering() const;
  std::size_t in_flight() const;
  static Hop::Outcome outcome_of(State state);

  const Key target_;
  const PeerId self_;
  const Rules rules_;
  const PatienceFor patience_for_;
  std::map<Key, Candidate> candidates_;  // by distance; only waiting ones are ever dropped
  std::vector<std::pair<Key, Candidate*>> asked_;
  std::size_t seeds_ = 0;
  std::size_t answers_ = 0;
  bool finished_ = false;
};

}  // namespace shoal::kad
