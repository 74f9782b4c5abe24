#include "protocol/kad/reprovide.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace shoal::kad {

namespace {

constexpr std::uint8_t kVersion = 1;
// Further back than any record lives.
constexpr Duration kForgotten = 10 * ReprovideSchedule::kPeriod;

/// Of the first 53 bits, which a double holds exactly.
Duration offset_of(const Key& key) {
  std::uint64_t front = 0;
  for (std::size_t i = 0; i < 8; ++i) front = front << 8 | key.bytes()[i];
  const double share = static_cast<double>(front >> 11) / 9007199254740992.0;
  const auto period = static_cast<double>(ReprovideSchedule::kPeriod.count());
  return Duration(static_cast<Duration::rep>(share * period));
}

/// Leading bits of `target` under which every peer of the network is among `closest`.
std::size_t covered_bits(const Key& target, std::span<const PeerId> closest) {
  if (closest.size() < kReplication) return 0;
  return std::min(Key::kBits, Key::of(closest[kReplication - 1]).common_prefix(target) + 1);
}

std::vector<std::size_t> nearest_to(const Key& key, const std::vector<Key>& peers) {
  std::vector<std::size_t> order(peers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const std::size_t count = std::min(order.size(), kReplication);
  std::ranges::partial_sort(
      order, order.begin() + static_cast<std::ptrdiff_t>(count),
      [&](std::size_t a, std::size_t b) { return nearer(key, peers[a], peers[b]); });
  order.resize(count);
  return order;
}

}  // namespace

ReprovideSchedule ReprovideSchedule::resume(ByteView saved, WallTime now) {
  if (saved.size() != kSavedBytes || saved[0] != kVersion) {
    throw Error(ErrorCode::malformed, "this is no saved schedule");
  }
  std::uint64_t began = 0;
  for (std::size_t i = 0; i < 8; ++i) began = began << 8 | saved[1 + i];
  const WallTime sweep_began{Duration(static_cast<std::int64_t>(began))};
  ReprovideSchedule out(now);
  // The clock was set back meanwhile: a sweep that began in the future would wait for it.
  if (sweep_began > now) return out;
  out.sweep_began_ = std::max(sweep_began, now - kForgotten);
  std::array<std::uint8_t, Key::kBytes> key{};
  std::ranges::copy(saved.subspan(9), key.begin());
  out.done_up_to_ = Key::at(key);
  return out;
}

Bytes ReprovideSchedule::save() const {
  Bytes out = {kVersion};
  const auto began = static_cast<std::uint64_t>(sweep_began_.time_since_epoch().count());
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(began >> shift));
  }
  const std::array<std::uint8_t, Key::kBytes> nothing{};
  append(out, done_up_to_ ? done_up_to_->bytes() : ByteView(nothing));
  return out;
}

WallTime ReprovideSchedule::moment_of(const Key& key) const {
  return sweep_began_ + offset_of(key);
}

ReprovideSchedule::Contents::const_iterator ReprovideSchedule::upcoming(WallTime now) {
  if (contents_.empty()) return contents_.end();
  // What whole sweeps missed is announced once.
  while (sweep_began_ + 2 * kPeriod <= now) sweep_began_ += kPeriod;
  const auto next = done_up_to_ ? contents_.upper_bound(*done_up_to_) : contents_.begin();
  if (next != contents_.end()) return next;
  if (sweep_began_ + kPeriod > now) return contents_.end();
  sweep_began_ += kPeriod;
  done_up_to_.reset();
  return contents_.begin();
}

std::optional<Multihash> ReprovideSchedule::next(WallTime now) {
  const auto found = upcoming(now);
  if (found == contents_.end() || moment_of(found->first) > now) return std::nullopt;
  return found->second;
}

std::optional<WallTime> ReprovideSchedule::next_due(WallTime now) {
  if (contents_.empty()) return std::nullopt;
  const auto found = upcoming(now);
  if (found != contents_.end()) return moment_of(found->first);
  return sweep_began_ + kPeriod + offset_of(contents_.begin()->first);
}

std::vector<PeerId> ReprovideSchedule::candidates(std::span<const PeerId> closest) const {
  std::vector<PeerId> out(closest.begin(), closest.end());
  for (const PeerId& peer : last_closest_) {
    if (std::ranges::find(out, peer) == out.end()) out.push_back(peer);
  }
  return out;
}

std::vector<Announcement> ReprovideSchedule::looked_up(const Multihash& content,
                                                       std::span<const PeerId> closest,
                                                       WallTime now) {
  const Key target = Key::of(content);
  const std::size_t bits = covered_bits(target, closest);
  const std::vector<PeerId> peers = candidates(closest);
  std::vector<Key> keys;
  for (const PeerId& peer : peers) keys.push_back(Key::of(peer));
  std::map<PeerId, std::vector<Multihash>> told;
  std::size_t count = 0;
  for (auto one = contents_.lower_bound(target); one != contents_.end(); ++one) {
    const auto& [key, hash] = *one;
    if (key != target && (key.common_prefix(target) < bits || count == kMaxBatch ||
                          moment_of(key) > now + kMaxEarly)) {
      break;
    }
    for (const std::size_t i : nearest_to(key, keys)) told[peers[i]].push_back(hash);
    done_up_to_ = key;
    ++count;
  }
  last_closest_.assign(closest.begin(), closest.end());
  std::vector<Announcement> out;
  for (auto& [peer, contents] : told)
    out.push_back({.peer = peer, .contents = std::move(contents)});
  return out;
}

}  // namespace shoal::kad
