#include "system/sim/host.h"

#include "base/error.h"
#include "system/sim/host_network.h"
#include "system/sim/host_storage.h"
#include "system/sim/offload.h"
#include "system/sim/world.h"

namespace shoal::sim {

/// What a host has from its start to its crash.
struct Life {
  Life(World& world, Host& host, std::uint32_t number)
      : random(world.seed(), static_cast<std::uint64_t>(number) << 32 | host.index()),
        network(world, host, number),
        storage(host.disk(), number),
        offload(world.events(), world.clock(), world.faults(), host.options().offload_cost),
        system{.waits = world.waits(),
               .clock = world.clock(),
               .random = random,
               .network = network,
               .resolver = world.names(),
               .storage = storage,
               .offload = offload,
               .faults = world.faults()} {}

  SeededRandom random;
  HostNetwork network;
  HostStorage storage;
  InlineOffload offload;
  System system;
};

namespace {

/// Public addresses that no other rule makes: 5.0.0.1 and on.
IpAddress address_of(std::uint32_t index) {
  const std::uint32_t number = index + 1;
  return IpAddress::v4({5, static_cast<std::uint8_t>(number >> 16),
                        static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

}  // namespace

Host::Host(World& world, std::uint32_t index, HostOptions options)
    : world_(world),
      index_(index),
      options_(std::move(options)),
      up_(options_.up, options_.queue_bytes),
      down_(options_.down, options_.queue_bytes),
      disk_(std::make_unique<Disk>(world.clock(), world.faults(), world.seed(), index,
                                   options_.disk_bytes)) {
  if (options_.name.empty()) options_.name = "host-" + std::to_string(index);
  if (options_.addresses.empty()) options_.addresses = {address_of(index)};
  disk_->set_owner(options_.name);
  restart();
}

Host::~Host() = default;

System& Host::system() {
  SHOAL_CHECK(up());
  return life_->system;
}

void Host::crash() {
  if (!up()) return;
  world_.trace().add(TraceKind::crash, world_.now(), index_, lives_.size());
  life_->network.die();
  life_ = nullptr;
  disk_->crash();
}

System& Host::restart() {
  SHOAL_CHECK(!up());
  const auto number = static_cast<std::uint32_t>(lives_.size()) + 1;
  if (number > 1) world_.trace().add(TraceKind::restart, world_.now(), index_, number);
  disk_->start(number);
  lives_.push_back(std::make_unique<Life>(world_, *this, number));
  life_ = lives_.back().get();
  return life_->system;
}

void Host::set_addresses(std::vector<IpAddress> addresses) {
  world_.move_addresses(*this, options_.addresses, addresses);
  options_.addresses = std::move(addresses);
}

std::optional<TimePoint> Host::pass_out(Packet& packet, TimePoint at) {
  std::optional<TimePoint> leaves = at;
  for (auto* hop : outward_) {
    leaves = hop->pass(packet, *leaves);
    if (!leaves) return leaves;
  }
  return up_.pass(packet, *leaves);
}

std::optional<TimePoint> Host::pass_in(Packet& packet, TimePoint at) {
  std::optional<TimePoint> leaves = down_.pass(packet, at);
  for (auto hop = inward_.rbegin(); hop != inward_.rend() && leaves; ++hop) {
    leaves = (*hop)->pass(packet, *leaves);
  }
  return leaves;
}

void Host::deliver(PacketPtr packet) {
  life_->network.deliver(std::move(packet));
}

void Host::lost(PacketPtr packet) {
  if (up()) life_->network.lost(std::move(packet));
}

Connection* Host::find_connection(std::uint64_t number) {
  return up() ? life_->network.find_connection(number) : nullptr;
}

std::size_t Host::stream_count() const {
  return up() ? life_->network.stream_count() : 0;
}

}  // namespace shoal::sim
