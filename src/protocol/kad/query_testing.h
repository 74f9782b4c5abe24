#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "protocol/kad/query.h"

namespace shoal::kad::testing {

/// A peer id for each number, without the cost of a key.
inline PeerId numbered_peer(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes = {
      static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
      static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return PeerId::decode(Multihash::sha2_256(bytes).encoded());
}

inline Patience fixed_patience(const PeerId&) {
  return {.hedge_after = 200ms, .late_after = 500ms};
}

/// How the peers of a ScriptedNetwork behave.
struct ScriptedPeer {
  PeerId id;
  Key key;
  Duration round_trip;
  bool silent = false;                 // takes requests and never answers
  bool poisons = false;                // names peers near the target that do not exist
  std::vector<std::uint32_t> known{};  // indices: its routing table
};

/// Routing tables and round trips, without connections: answers a Query in virtual time. The same
/// seed makes the same network.
class ScriptedNetwork {
 public:
  ScriptedNetwork(std::uint32_t size, std::uint32_t seed) : chance_(seed) {
    for (std::uint32_t i = 0; i < size; ++i) {
      const PeerId id = numbered_peer(seed * 1'000'000 + i);
      // Median about 80 ms, a tail up to 300 ms.
      const auto milliseconds = 20 + (chance_() % 120 + chance_() % 2 * (chance_() % 160));
      peers_.push_back({id, Key::of(id), std::chrono::milliseconds(milliseconds)});
    }
    std::ranges::sort(peers_, {}, &ScriptedPeer::key);
    for (std::uint32_t i = 0; i < size; ++i) index_.emplace(peers_[i].id, i);
    for (std::uint32_t i = 0; i < size; ++i) fill_table(i);
  }

  ScriptedPeer& peer(std::size_t index) { return peers_[index]; }
  std::size_t size() const { return peers_.size(); }

  /// That share of all peers, in percent, but never the first.
  void make(unsigned percent, const std::function<void(ScriptedPeer&)>& change) {
    for (std::size_t i = 1; i < peers_.size(); ++i) {
      if (chance_() % 100 < percent) change(peers_[i]);
    }
  }

  /// What peer `index` would answer about `target`.
  std::vector<PeerId> closest_known(std::size_t index, const Key& target) const {
    std::vector<std::uint32_t> known = peers_[index].known;
    return nearest(std::move(known), target);
  }

  /// Those who should be found.
  std::vector<PeerId> closest_alive(const Key& target) const {
    std::vector<std::uint32_t> alive;
    for (std::uint32_t i = 0; i < peers_.size(); ++i) {
      if (!peers_[i].silent && i != 0) alive.push_back(i);
    }
    return nearest(std::move(alive), target);
  }

  /// Runs the lookup of peer 0 until it is done; returns how long it took. Round trips go to
  /// `seen`, if any.
  Duration run(Query& query, RoundTrips* seen = nullptr) {
    TimePoint now{1h};
    const TimePoint begin = now;
    std::multimap<TimePoint, PeerId> ends;  // of requests
    query.add_seeds(closest_known(0, query.target()));
    while (true) {
      for (const PeerId& peer : query.next(now)) {
        const auto found = index_.find(peer);
        const bool silent = found == index_.end() || peers_[found->second].silent;
        ends.emplace(now + (silent ? kGivenUp : peers_[found->second].round_trip), peer);
      }
      if (query.done()) return now - begin;
      const auto tick = query.next_tick();
      SHOAL_CHECK(tick || !ends.empty());
      if (ends.empty() || (tick && *tick < ends.begin()->first)) {
        now = std::max(now, *tick);
        query.tick(now);
        continue;
      }
      const auto [at, peer] = *ends.begin();
      ends.erase(ends.begin());
      now = at;
      end(query, peer, now, seen);
    }
  }

 private:
  static constexpr Duration kGivenUp = 6s;

  void end(Query& query, const PeerId& peer, TimePoint now, RoundTrips* seen) {
    const auto found = index_.find(peer);
    if (found == index_.end() || peers_[found->second].silent) {
      query.failed(peer, now);
      return;
    }
    const ScriptedPeer& scripted = peers_[found->second];
    if (seen != nullptr) seen->observe(peer, Contact::connected, scripted.round_trip);
    query.answered(peer, answer_of(found->second, query.target()), now);
  }

  void fill_table(std::uint32_t index) {
    ScriptedPeer& own = peers_[index];
    std::map<std::size_t, std::vector<std::uint32_t>> buckets;
    for (std::uint32_t i = 0; i < peers_.size(); ++i) {
      if (i != index) buckets[own.key.common_prefix(peers_[i].key)].push_back(i);
    }
    for (auto& [bits, bucket] : buckets) {
      for (std::size_t i = 0; i < std::min(bucket.size(), kReplication); ++i) {
        std::swap(bucket[i], bucket[i + chance_() % (bucket.size() - i)]);
        own.known.push_back(bucket[i]);
      }
    }
  }

  std::vector<PeerId> nearest(std::vector<std::uint32_t> among, const Key& target) const {
    std::ranges::sort(among, [&](std::uint32_t a, std::uint32_t b) {
      return nearer(target, peers_[a].key, peers_[b].key);
    });
    if (among.size() > kReplication) among.resize(kReplication);
    std::vector<PeerId> out;
    for (const std::uint32_t i : among) out.push_back(peers_[i].id);
    return out;
  }

  std::vector<PeerId> answer_of(std::uint32_t index, const Key& target) {
    if (!peers_[index].poisons) return closest_known(index, target);
    std::vector<PeerId> invented;
    while (invented.size() < Query::kMaxNamed) {
      const PeerId one = numbered_peer(++invented_);
      if (Key::of(one).common_prefix(target) >= 6) invented.push_back(one);
    }
    return invented;
  }

  std::mt19937 chance_;  // its numbers are the same everywhere
  std::vector<ScriptedPeer> peers_;
  std::unordered_map<PeerId, std::uint32_t> index_;  // never iterated
  std::uint32_t invented_ = 0x80000000;
};

}  // namespace shoal::kad::testing
