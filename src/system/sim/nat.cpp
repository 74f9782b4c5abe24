#include "system/sim/nat.h"

#include <algorithm>

#include "system/sim/host.h"
#include "system/sim/world.h"

namespace shoal::sim {

namespace {

constexpr std::uint64_t kFirstRandomPort = 10'000;
constexpr std::uint64_t kEndRandomPort = 60'000;

bool is_stream(const Packet& packet) {
  return packet.kind != PacketKind::datagram;
}

/// As much of it as matters.
Endpoint seen(const Endpoint& other, NatDependence dependence) {
  if (dependence == NatDependence::none) return {};
  if (dependence == NatDependence::address) return {.address = other.address, .port = 0};
  return other;
}

}  // namespace

class Nat::Outward final : public Hop {
 public:
  Outward(Nat& nat, std::uint32_t host) : nat_(nat), host_(host) {}
  std::optional<TimePoint> pass(Packet& packet, TimePoint at) override {
    return nat_.pass_out(packet, host_, at) ? std::optional(at) : std::nullopt;
  }

 private:
  Nat& nat_;
  const std::uint32_t host_;
};

class Nat::Inward final : public Hop {
 public:
  explicit Inward(Nat& nat) : nat_(nat) {}
  std::optional<TimePoint> pass(Packet& packet, TimePoint at) override {
    return nat_.pass_in(packet, at) ? std::optional(at) : std::nullopt;
  }

 private:
  Nat& nat_;
};

Nat::Nat(World& world, NatOptions options)
    : world_(world), options_(options), random_(world.seed(), hash_of(options.address.bytes())) {
  world_.set_route(options_.address, [this](const Packet& packet) { return route(packet); });
}

Nat::~Nat() = default;

void Nat::add(Host& host) {
  hosts_.push_back(host.index());
  hops_.push_back(std::make_unique<Outward>(*this, host.index()));
  host.add_outward_hop(*hops_.back());
  hops_.push_back(std::make_unique<Inward>(*this));
  host.add_inward_hop(*hops_.back());
  for (const IpAddress& address : host.options().addresses) {
    world_.set_route(address, [this, index = host.index()](const Packet& packet) {
      return is_behind(packet.source) ? std::optional(index) : std::nullopt;
    });
  }
}

void Nat::forget() {
  by_key_.clear();
  by_port_.clear();
}

void Nat::move_to(IpAddress address) {
  forget();
  world_.set_route(options_.address, [](const Packet&) { return std::nullopt; });
  options_.address = std::move(address);
  world_.set_route(options_.address, [this](const Packet& packet) { return route(packet); });
}

std::uint16_t Nat::forward(bool stream, Endpoint inside, std::uint16_t outside) {
  const TimePoint now = world_.now();
  const auto owner = std::ranges::find_if(hosts_, [&](std::uint32_t host) {
    const auto& addresses = world_.host(host).options().addresses;
    return std::ranges::find(addresses, inside.address) != addresses.end();
  });
  if (owner == hosts_.end()) return 0;
  const Key key{.stream = stream, .inside = inside, .outside = seen({}, options_.mapping)};
  const auto before = by_key_.find(key);
  if (before != by_key_.end()) {
    // What goes out from there has a port already: now it is open to all.
    by_port_.at({stream, before->second}).forwarded = true;
    return before->second;
  }
  if (outside == 0 || !is_free({stream, outside}, now)) {
    outside = free_port(stream, inside.port, now);
  }
  by_key_.emplace(key, outside);
  by_port_.emplace(
      Port(stream, outside),
      Mapping{.key = key, .host = *owner, .used = now, .sent_to = {}, .forwarded = true});
  return outside;
}

void Nat::unforward(bool stream, std::uint16_t outside) {
  const auto found = by_port_.find({stream, outside});
  if (found == by_port_.end() || !found->second.forwarded) return;
  by_key_.erase(found->second.key);
  by_port_.erase(found);
}

bool Nat::forwards(bool stream, std::uint16_t outside) const {
  const auto found = by_port_.find({stream, outside});
  return found != by_port_.end() && found->second.forwarded;
}

bool Nat::is_behind(std::uint32_t host) const {
  return std::ranges::find(hosts_, host) != hosts_.end();
}

bool Nat::expired(const Mapping& mapping, TimePoint at) const {
  const Duration timeout = mapping.key.stream ? options_.stream_timeout : options_.datagram_timeout;
  return !mapping.forwarded && at - mapping.used >= timeout;
}

bool Nat::pass_out(Packet& packet, std::uint32_t host, TimePoint at) {
  const auto is_neighbour = [&](std::uint32_t other) {
    const auto& addresses = world_.host(other).options().addresses;
    return std::ranges::find(addresses, packet.to.address) != addresses.end();
  };
  if (packet.to.address.is_multicast() || std::ranges::any_of(hosts_, is_neighbour)) return true;
  const bool stream = is_stream(packet);
  const Endpoint inside = packet.from;
  const Key key{.stream = stream, .inside = inside, .outside = seen(packet.to, options_.mapping)};
  auto found = by_key_.find(key);
  if (found != by_key_.end() && expired(by_port_.at({stream, found->second}), at)) {
    by_port_.erase({stream, found->second});
    by_key_.erase(found);
    found = by_key_.end();
  }
  if (found == by_key_.end()) {
    const std::uint16_t port = free_port(stream, inside.port, at);
    found = by_key_.emplace(key, port).first;
    by_port_.emplace(
        Port(stream, port),
        Mapping{.key = key, .host = host, .used = at, .sent_to = {}, .forwarded = false});
  }
  Mapping& mapping = by_port_.at({stream, found->second});
  mapping.used = at;
  mapping.sent_to.insert(seen(packet.to, options_.filtering));
  packet.from = {.address = options_.address, .port = found->second};
  return true;
}

std::optional<std::uint32_t> Nat::route(const Packet& packet) const {
  const auto found = by_port_.find({is_stream(packet), packet.to.port});
  if (found == by_port_.end()) return std::nullopt;
  if (is_behind(packet.source) && !options_.hairpin) return std::nullopt;
  return found->second.host;
}

bool Nat::pass_in(Packet& packet, TimePoint at) {
  // From a neighbour.
  if (packet.to.address != options_.address) return true;
  const auto found = by_port_.find({is_stream(packet), packet.to.port});
  if (found == by_port_.end() || expired(found->second, at)) return false;
  const bool is_expected = found->second.forwarded ||
                           found->second.sent_to.contains(seen(packet.from, options_.filtering));
  if (!is_expected) return false;
  packet.to = found->second.key.inside;
  return true;
}

bool Nat::is_free(Port port, TimePoint at) {
  const auto found = by_port_.find(port);
  if (found == by_port_.end()) return true;
  if (!expired(found->second, at)) return false;
  by_key_.erase(found->second.key);
  by_port_.erase(found);
  return true;
}

std::uint16_t Nat::free_port(bool stream, std::uint16_t inside, TimePoint at) {
  if (options_.ports == NatPorts::preserved && is_free({stream, inside}, at)) return inside;
  std::uint16_t port = 0;
  do {
    if (options_.ports == NatPorts::random) {
      port = static_cast<std::uint16_t>(kFirstRandomPort +
                                        random_.below(kEndRandomPort - kFirstRandomPort));
    } else {
      port = ++next_port_;
    }
  } while (port == 0 || !is_free({stream, port}, at));
  return port;
}

}  // namespace shoal::sim
