#include "lab/light_net.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace shoal::lab {

namespace {

constexpr double kPlaneMilliseconds = 60;
constexpr double kNearestMilliseconds = 10;
constexpr std::uint16_t kLightPort = 4001;
constexpr std::uint64_t kTableStream = 1'000'000;

Bytes digest_of(std::uint64_t seed, std::uint64_t number) {
  Bytes out(32);
  for (std::size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<std::uint8_t>(seed >> 8 * i);
    out[8 + i] = static_cast<std::uint8_t>(number >> 8 * i);
  }
  return out;
}

/// Nobody chose it, so that few share a group of addresses.
IpAddress random_address(sim::SeededRandom& random) {
  while (true) {
    const std::uint64_t bits = random.draw();
    const auto ip = IpAddress::v4(
        {static_cast<std::uint8_t>(1 + bits % 223), static_cast<std::uint8_t>(bits >> 8),
         static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(1 + (bits >> 24) % 254)});
    if (!ip.is_loopback() && !ip.is_private() && !ip.is_multicast()) return ip;
  }
}

}  // namespace

PeerId light_peer(std::uint64_t seed, std::uint64_t number) {
  return PeerId::decode(Multihash::wrap(HashCode::sha2_256, digest_of(seed, number)).encoded());
}

std::vector<PeerId> peers_near(const kad::Key& target, std::size_t bits, std::size_t count,
                               std::uint64_t seed) {
  std::vector<PeerId> out;
  for (std::uint64_t number = std::uint64_t{1} << 40; out.size() < count; ++number) {
    const PeerId id = light_peer(seed, number);
    if (kad::Key::of(id).common_prefix(target) >= bits) out.push_back(id);
  }
  return out;
}

LightNet::LightNet(std::size_t nodes, std::uint64_t seed, kad::TableLimits limits)
    : seed_(seed),
      limits_(limits),
      world_({.name = "lab", .seed = seed}),
      host_(world_.add_host()),
      random_(seed, 1) {
  for (std::size_t i = 0; i < nodes; ++i) add_member(light_peer(seed, i), std::nullopt);
  knows_all_.assign(nodes, true);
  for (std::uint32_t i = 0; i < nodes; ++i) by_key_.push_back(i);
  std::ranges::sort(by_key_, {}, [this](std::uint32_t i) { return members_[i].key; });
}

LightNet::~LightNet() {
  for (const auto& node : nodes_) {
    if (node) world_.run(node->stop());
  }
}

std::uint32_t LightNet::add_member(const PeerId& id, const std::optional<IpAddress>& address) {
  const auto index = static_cast<std::uint32_t>(members_.size());
  const double x = random_.unit() * kPlaneMilliseconds;
  const double y = random_.unit() * kPlaneMilliseconds;
  const IpAddress ip = address ? *address : random_address(random_);
  members_.push_back({.id = id,
                      .key = kad::Key::of(id),
                      .address = ip,
                      .multiaddr = Multiaddr::tcp({ip, kLightPort}),
                      .x = x,
                      .y = y});
  index_.emplace(id, index);
  nodes_.emplace_back();
  return index;
}

std::uint32_t LightNet::add(Newcomer newcomer) {
  knows_all_.push_back(newcomer.knows_all);
  return add_member(newcomer.id, newcomer.address);
}

LightNode& LightNet::node(std::uint32_t index) {
  auto& place = nodes_.at(index);
  if (place) return *place;
  place = std::make_unique<LightNode>(*this, index);
  if (knows_all_[index]) fill_table(*place);
  return *place;
}

std::optional<std::uint32_t> LightNet::find(const PeerId& id) const {
  const auto found = index_.find(id);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

bool LightNet::reaches(std::uint32_t from, std::uint32_t to) const {
  return members_[from].up && members_[to].up && members_[from].side == members_[to].side;
}

Duration LightNet::round_trip(std::uint32_t from, std::uint32_t to) {
  const Member& a = members_[from];
  const Member& b = members_[to];
  const double one_way = kNearestMilliseconds + std::hypot(a.x - b.x, a.y - b.y);
  const double jitter = 1 + 0.1 * random_.unit();
  return std::chrono::microseconds(static_cast<std::int64_t>(2000 * one_way * jitter));
}

std::vector<std::uint32_t> LightNet::closest(const kad::Key& target, std::size_t count) const {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    if (members_[i].up) all.push_back(i);
  }
  const std::size_t kept = std::min(count, all.size());
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(kept);
  std::partial_sort(all.begin(), end, all.end(), [&](std::uint32_t a, std::uint32_t b) {
    return nearer(target, members_[a].key, members_[b].key);
  });
  all.resize(kept);
  return all;
}

std::uint32_t LightNet::any_up() {
  while (true) {
    const auto index = static_cast<std::uint32_t>(random_.below(members_.size()));
    if (members_[index].up) return index;
  }
}

/// Halves what is left of the key space at each bit: the half without the node is a bucket.
void LightNet::fill_table(LightNode& node) {
  sim::SeededRandom random(seed_, kTableStream + node.index());
  const kad::Key& self = members_[node.index()].key;
  std::span<const std::uint32_t> rest = by_key_;
  for (std::size_t bit = 0; bit < kad::Key::kBits && rest.size() > 1; ++bit) {
    const auto middle = std::ranges::partition_point(
        rest, [&](std::uint32_t i) { return !members_[i].key.bit(bit); });
    const auto zeros = static_cast<std::size_t>(middle - rest.begin());
    const bool own = self.bit(bit);
    offer_some(node, own ? rest.first(zeros) : rest.subspan(zeros), random);
    rest = own ? rest.subspan(zeros) : rest.first(zeros);
  }
  // A newcomer stands in no list, so its nearest may be left over.
  offer_some(node, rest, random);
}

void LightNet::offer_some(LightNode& node, std::span<const std::uint32_t> bucket,
                          sim::SeededRandom& random) {
  std::vector<std::uint32_t> chosen;
  if (bucket.size() <= kad::kReplication) {
    chosen.assign(bucket.begin(), bucket.end());
  } else {
    while (chosen.size() < kad::kReplication) {
      const std::uint32_t one = bucket[static_cast<std::size_t>(random.below(bucket.size()))];
      if (std::ranges::find(chosen, one) == chosen.end()) chosen.push_back(one);
    }
  }
  for (const std::uint32_t one : chosen) {
    if (one != node.index()) node.meet(one);
  }
}

}  // namespace shoal::lab
