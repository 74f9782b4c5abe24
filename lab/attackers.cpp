#include "lab/attackers.h"

#include <algorithm>
#include <memory>
#include <set>

namespace shoal::lab {

namespace {

/// Enough that 20 of them are nearer to any key than most real peers.
constexpr std::uint64_t kInvented = 1 << 15;
constexpr std::uint64_t kInventedFirst = std::uint64_t{1} << 50;

kad::Message same_kind(const kad::Message& request) {
  kad::Message out;
  out.type = request.type;
  if (request.type != kad::MessageType::find_node) out.key = request.key;
  return out;
}

Multiaddr address_of(const IpAddress& ip) {
  return Multiaddr::tcp({ip, 4001});
}

struct Invented {
  kad::Key key;
  PeerId id;
};

std::vector<Invented> invent(std::uint64_t seed) {
  std::vector<Invented> out;
  for (std::uint64_t i = 0; i < kInvented; ++i) {
    const PeerId id = light_peer(seed, kInventedFirst + i);
    out.push_back({kad::Key::of(id), id});
  }
  std::ranges::sort(out, {}, &Invented::key);
  return out;
}

}  // namespace

Answering names_fellows(LightNet& net, std::vector<std::uint32_t> fellows) {
  const auto announced = std::make_shared<std::set<PeerId>>();
  return [&net, announced, fellows = std::move(fellows)](
             const kad::Message& request, const LightNode& from) -> std::optional<kad::Message> {
    kad::Message out = same_kind(request);
    if (request.type == kad::MessageType::add_provider) {
      announced->insert(from.id());
      return std::nullopt;
    }
    if (request.type == kad::MessageType::get_providers && announced->contains(from.id())) {
      out.providers.push_back({.id = from.id(), .addresses = {from.multiaddr()}});
    }
    const kad::Key target = kad::Key::of(request.key);
    std::vector<std::uint32_t> nearest = fellows;
    const std::size_t kept = std::min(nearest.size(), kad::kReplication);
    const auto end = nearest.begin() + static_cast<std::ptrdiff_t>(kept);
    std::partial_sort(nearest.begin(), end, nearest.end(), [&](std::uint32_t a, std::uint32_t b) {
      return nearer(target, net.key(a), net.key(b));
    });
    nearest.resize(kept);
    for (const std::uint32_t one : nearest) {
      out.closer.push_back({.id = net.id(one), .addresses = {address_of(net.address(one))}});
    }
    return out;
  };
}

/// Neighbours in the order of keys share a long prefix, which is near enough.
Answering names_nobody(std::uint64_t seed) {
  const auto pool = std::make_shared<const std::vector<Invented>>(invent(seed));
  return [pool](const kad::Message& request, const LightNode&) -> std::optional<kad::Message> {
    kad::Message out = same_kind(request);
    if (request.type == kad::MessageType::add_provider) return std::nullopt;
    const kad::Key target = kad::Key::of(request.key);
    const auto found = std::ranges::lower_bound(*pool, target, {}, &Invented::key);
    const auto at = static_cast<std::size_t>(found - pool->begin());
    const std::size_t half = kad::kReplication / 2;
    const std::size_t first = std::min(at - std::min(at, half), pool->size() - kad::kReplication);
    for (std::size_t i = first; i < first + kad::kReplication; ++i) {
      const auto ip = IpAddress::v4({198, 51, 100, static_cast<std::uint8_t>(1 + i % 250)});
      out.closer.push_back({.id = (*pool)[i].id, .addresses = {address_of(ip)}});
    }
    return out;
  };
}

Answering silent() {
  return [](const kad::Message&, const LightNode&) { return std::optional<kad::Message>(); };
}

}  // namespace shoal::lab
