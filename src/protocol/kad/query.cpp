#include "protocol/kad/query.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::kad {

Rules Rules::usual() {
  Rules out;
  out.hedges = false;
  out.fixed_timeout = 5s;
  out.judges_namers = false;
  out.covers_region = false;
  return out;
}

Query::Query(Key target, PeerId self, Rules rules, PatienceFor patience_for)
    : target_(target),
      self_(std::move(self)),
      rules_(rules),
      patience_for_(std::move(patience_for)) {
  SHOAL_CHECK(rules_.alpha > 0 && rules_.replication > 0 && rules_.disjoint_paths > 0);
  // So that one of those that wait can always be dropped.
  SHOAL_CHECK(rules_.max_asks < kMaxCandidates);
}

void Query::add_seeds(std::span<const PeerId> seeds) {
  for (const PeerId& seed : seeds) {
    if (add(seed, seeds_ % rules_.disjoint_paths, 0, nullptr)) ++seeds_;
  }
}

Query::Candidate* Query::find(const PeerId& peer) {
  const auto found = candidates_.find(Key::of(peer).distance(target_));
  return found == candidates_.end() ? nullptr : &found->second;
}

bool Query::add(const PeerId& peer, std::size_t path, std::size_t round, Candidate* namer) {
  if (peer == self_) return false;
  const Key distance = Key::of(peer).distance(target_);
  const auto [place, fresh] =
      candidates_.try_emplace(distance, Candidate{.peer = peer, .path = path, .round = round});
  Candidate& candidate = place->second;
  if (namer == nullptr) {
    candidate.seed = true;
  } else if (candidate.state == State::waiting && candidate.namers.size() < kMaxNamers) {
    candidate.namers.push_back(namer);
  }
  if (!fresh) return false;
  make_room();
  return candidates_.contains(distance);
}

void Query::make_room() {
  if (candidates_.size() <= kMaxCandidates) return;
  const auto farthest = std::find_if(candidates_.rbegin(), candidates_.rend(), [](const auto& one) {
    return one.second.state == State::waiting;
  });
  SHOAL_CHECK(farthest != candidates_.rend());
  candidates_.erase(std::prev(farthest.base()));
}

std::vector<PeerId> Query::next(TimePoint now) {
  tick(now);
  std::vector<PeerId> out;
  for (std::size_t path = 0; path < rules_.disjoint_paths; ++path) {
    const std::size_t slots = std::max<std::size_t>(1, rules_.alpha / rules_.disjoint_paths);
    while (!finished_ && asked_.size() < rules_.max_asks && in_flight() < rules_.max_in_flight) {
      Candidate* const candidate = next_on(path);
      if (candidate == nullptr) break;
      // All within the radius are asked in any case: the sooner the better.
      const bool certain = within_radius(Key::of(candidate->peer).distance(target_));
      if (!certain && awaited(path) >= slots) break;
      ask(*candidate, now);
      out.push_back(candidate->peer);
    }
  }
  return out;
}

/// The nearest that waits, among as many as the lookup is for. Those that may not be asked yet
/// take no place among them: who names a crowd does not hide the others behind it.
Query::Candidate* Query::next_on(std::size_t path) {
  // Where many do not answer, those asked count for as many as are likely to: else each that is
  // dead would cost another round.
  const std::size_t answering = answers_ + 1;
  const std::size_t all = answering + (rules_.hedges ? unanswering() : 0);
  std::size_t looked_at = 0;
  for (auto& [distance, candidate] : candidates_) {
    if (candidate.path != path) continue;
    if (looked_at >= rules_.replication * all && !within_radius(distance)) return nullptr;
    if (candidate.state == State::late || candidate.state == State::failed) continue;
    if (candidate.state == State::waiting) {
      if (may_ask(candidate)) return &candidate;
      continue;
    }
    // Beside a slow one, one more may be asked.
    if (candidate.state == State::slow) continue;
    looked_at += candidate.state == State::answered ? all : answering;
  }
  return nullptr;
}

bool Query::may_ask(const Candidate& candidate) const {
  if (candidate.seed || !rules_.judges_namers) return true;
  return std::ranges::any_of(candidate.namers, [](const Candidate* namer) {
    return namer->unconfirmed < kMaxUnconfirmed + 2 * namer->confirmed;
  });
}

void Query::ask(Candidate& candidate, TimePoint now) {
  candidate.state = State::asked;
  candidate.asked_at = now;
  candidate.patience = patience_for_(candidate.peer);
  if (rules_.fixed_timeout) {
    candidate.patience = {.hedge_after = *rules_.fixed_timeout,
                          .late_after = *rules_.fixed_timeout};
  }
  if (!rules_.hedges) candidate.patience.hedge_after = candidate.patience.late_after;
  for (Candidate* namer : candidate.namers) ++namer->unconfirmed;
  asked_.emplace_back(Key::of(candidate.peer).distance(target_), &candidate);
}

void Query::answered(const PeerId& peer, std::span<const PeerId> closer, TimePoint now) {
  Candidate* const candidate = find(peer);
  if (candidate == nullptr) return;
  const bool open = candidate->state == State::asked || candidate->state == State::slow ||
                    candidate->state == State::late;
  if (!open) return;
  answer_from(*candidate, now);
  candidate->named = add_named(*candidate, closer);
}

void Query::answer_from(Candidate& candidate, TimePoint now) {
  for (Candidate* namer : candidate.namers) {
    // A late one was counted as given up.
    (candidate.state == State::late ? namer->unanswering : namer->unconfirmed) -= 1;
    ++namer->confirmed;
  }
  candidate.state = State::answered;
  candidate.round_trip = now - candidate.asked_at;
  ++answers_;
}

std::size_t Query::add_named(Candidate& namer, std::span<const PeerId> closer) {
  std::map<Key, const PeerId*> nearest;
  for (const PeerId& peer : closer.first(std::min(closer.size(), kMaxNamed))) {
    if (peer == self_ || peer == namer.peer) continue;
    nearest.emplace(Key::of(peer).distance(target_), &peer);
    if (nearest.size() > kMaxKept) nearest.erase(std::prev(nearest.end()));
  }
  std::size_t added = 0;
  for (const auto& [distance, peer] : nearest) {
    if (add(*peer, namer.path, namer.round + 1, &namer)) ++added;
  }
  return added;
}

void Query::failed(const PeerId& peer, TimePoint now) {
  tick(now);
  Candidate* const candidate = find(peer);
  if (candidate == nullptr) return;
  if (candidate->state == State::asked || candidate->state == State::slow) {
    give_up(*candidate, State::failed);
  } else if (candidate->state == State::late) {
    candidate->state = State::failed;
  }
}

void Query::give_up(Candidate& candidate, State state) {
  candidate.state = state;
  for (Candidate* namer : candidate.namers) {
    --namer->unconfirmed;
    ++namer->unanswering;
    const bool too_many =
        namer->unanswering >= kMaxUnanswering && namer->unanswering > 3 * namer->confirmed;
    if (too_many && !namer->suspect && rules_.judges_namers) suspect(*namer);
  }
}

void Query::suspect(Candidate& namer) {
  namer.suspect = true;
  for (auto one = candidates_.begin(); one != candidates_.end();) {
    Candidate& candidate = one->second;
    const bool waits = candidate.state == State::waiting;
    if (waits) std::erase(candidate.namers, &namer);
    const bool orphaned = waits && !candidate.seed && candidate.namers.empty();
    one = orphaned ? candidates_.erase(one) : std::next(one);
  }
}

void Query::tick(TimePoint now) {
  for (const auto& [distance, candidate] : asked_) {
    const Duration waited = now - candidate->asked_at;
    const bool awaits = candidate->state == State::asked || candidate->state == State::slow;
    if (!awaits) continue;
    if (waited >= candidate->patience.late_after) {
      give_up(*candidate, State::late);
    } else if (waited >= candidate->patience.hedge_after) {
      candidate->state = State::slow;
    }
  }
}

std::optional<TimePoint> Query::next_tick() const {
  std::optional<TimePoint> out;
  for (const auto& [distance, candidate] : asked_) {
    if (candidate->state != State::asked && candidate->state != State::slow) continue;
    const Patience& patience = candidate->patience;
    const TimePoint due =
        candidate->asked_at +
        (candidate->state == State::asked ? patience.hedge_after : patience.late_after);
    if (!out || due < *out) out = due;
  }
  return out;
}

std::size_t Query::awaited(std::size_t path) const {
  return static_cast<std::size_t>(std::ranges::count_if(asked_, [path](const auto& one) {
    return one.second->path == path && one.second->state == State::asked;
  }));
}

std::size_t Query::unanswering() const {
  return static_cast<std::size_t>(std::ranges::count_if(asked_, [](const auto& one) {
    return one.second->state == State::late || one.second->state == State::failed;
  }));
}

std::size_t Query::in_flight() const {
  return static_cast<std::size_t>(std::ranges::count_if(asked_, [](const auto& one) {
    const State state = one.second->state;
    return state == State::asked || state == State::slow || state == State::late;
  }));
}

bool Query::done() const {
  if (finished_) return true;
  // Better the word of somebody slow than none.
  if (answers_ < rules_.min_answers && in_flight() > 0) return false;
  for (std::size_t path = 0; path < rules_.disjoint_paths; ++path) {
    if (!done(path)) return false;
  }
  return true;
}

bool Query::done(std::size_t path) const {
  const bool may_ask_more = asked_.size() < rules_.max_asks;
  std::size_t answers = 0;
  for (const auto& [distance, candidate] : candidates_) {
    if (candidate.path != path) continue;
    if (answers >= rules_.replication && !within_radius(distance)) return true;
    if (candidate.state == State::asked || candidate.state == State::slow) return false;
    if (candidate.state == State::waiting && may_ask_more) return false;
    if (candidate.state == State::answered) ++answers;
  }
  return true;
}

bool Query::within_radius(const Key& distance) const {
  return rules_.covers_region && rules_.radius && distance < *rules_.radius;
}

std::size_t Query::within_radius() const {
  std::size_t out = 0;
  for (const auto& [distance, candidate] : candidates_) {
    if (!within_radius(distance)) break;
    out += candidate.state == State::answered ? 1 : 0;
  }
  return out;
}

std::vector<PeerId> Query::closest(std::size_t count) const {
  std::vector<PeerId> out;
  for (const auto& [distance, candidate] : candidates_) {
    if (out.size() == count) break;
    if (candidate.state == State::answered) out.push_back(candidate.peer);
  }
  return out;
}

Hop::Outcome Query::outcome_of(State state) {
  if (state == State::answered) return Hop::Outcome::answered;
  if (state == State::late) return Hop::Outcome::late;
  if (state == State::failed) return Hop::Outcome::failed;
  return Hop::Outcome::pending;
}

std::vector<Hop> Query::hops() const {
  std::vector<Hop> out;
  for (const auto& [distance, candidate] : asked_) {
    out.push_back({.peer = candidate->peer,
                   .distance = distance,
                   .round = candidate->round,
                   .asked_at = candidate->asked_at,
                   .outcome = outcome_of(candidate->state),
                   .round_trip = candidate->round_trip,
                   .named = candidate->named});
  }
  return out;
}

}  // namespace shoal::kad
