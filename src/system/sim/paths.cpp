#include "system/sim/paths.h"

#include <algorithm>
#include <cmath>

namespace shoal::sim {

namespace {

constexpr std::uint64_t kPathStream = 0x9a7b5;
constexpr Duration kLoopbackLatency = std::chrono::microseconds(10);

std::uint64_t pair_key(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint64_t>(std::min(a, b)) << 32 | std::max(a, b);
}

Duration distance(const Place& a, const Place& b) {
  const std::int64_t x = std::chrono::floor<std::chrono::microseconds>(a.x - b.x).count();
  const std::int64_t y = std::chrono::floor<std::chrono::microseconds>(a.y - b.y).count();
  // The square of whole numbers and the IEEE root are exact, so every machine agrees.
  const auto root = std::sqrt(static_cast<double>(x * x + y * y));
  return std::chrono::microseconds(static_cast<std::int64_t>(root));
}

double lost_on_either(double one, double other) {
  return one + other - one * other;
}

}  // namespace

Paths::Paths(std::uint64_t seed, PathOptions usual) : usual_(usual), random_(seed, kPathStream) {}

void Paths::add_host(Place place) {
  places_.push_back(place);
}

void Paths::set(std::uint32_t a, std::uint32_t b, PathOptions path) {
  own_[pair_key(a, b)] = path;
}

const PathOptions& Paths::between(std::uint32_t a, std::uint32_t b) const {
  if (own_.empty()) return usual_;
  const auto found = own_.find(pair_key(a, b));
  return found == own_.end() ? usual_ : found->second;
}

Duration Paths::latency(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return kLoopbackLatency;
  const Duration lines = places_[a].delay + places_[b].delay;
  return between(a, b).latency + lines + distance(places_[a], places_[b]);
}

double Paths::loss(std::uint32_t a, std::uint32_t b) const {
  return lost_on_either(between(a, b).loss, lost_on_either(places_[a].loss, places_[b].loss));
}

void Paths::partition(std::span<const std::uint32_t> one, std::span<const std::uint32_t> other) {
  Cut cut{.sides = std::vector<std::uint8_t>(places_.size())};
  for (const auto host : one) cut.sides.at(host) |= 1;
  for (const auto host : other) cut.sides.at(host) |= 2;
  cuts_.push_back(std::move(cut));
}

void Paths::heal() {
  cuts_.clear();
}

bool Paths::connected(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return true;
  return std::ranges::none_of(cuts_, [a, b](const Cut& cut) {
    const unsigned from = cut.side(a);
    const unsigned to = cut.side(b);
    return ((from & 1) && (to & 2)) || ((from & 2) && (to & 1));
  });
}

std::optional<TimePoint> Paths::pass(const Packet& packet, std::uint32_t a, std::uint32_t b,
                                     TimePoint at) {
  if (a == b) return at + kLoopbackLatency;
  if (!connected(a, b)) return std::nullopt;
  const PathOptions& path = between(a, b);
  if (packet.kind == PacketKind::datagram && packet.wire_bytes > path.mtu) return std::nullopt;
  if (random_.happens(loss(a, b))) return std::nullopt;
  Duration delay = latency(a, b);
  if (path.jitter > Duration(0)) delay += Duration(random_.up_to(path.jitter.count()));
  if (random_.happens(path.reordering)) {
    delay += Duration(random_.up_to(path.reordering_delay.count()));
  }
  return at + delay;
}

bool Paths::duplicates(const Packet& packet, std::uint32_t a, std::uint32_t b) {
  if (packet.kind != PacketKind::datagram || a == b) return false;
  return random_.happens(between(a, b).duplication);
}

}  // namespace shoal::sim
