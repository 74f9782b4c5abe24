#include "system/sim/world.h"

#include <boost/asio/detached.hpp>
#include <utility>

#include "base/error.h"

namespace shoal::sim {

namespace {

// Not zero: a forgotten TimePoint{} should look like the past, not like now.
constexpr TimePoint kStart{std::chrono::hours(1)};

std::vector<std::uint32_t> indexes(const std::vector<Host*>& hosts) {
  std::vector<std::uint32_t> out;
  for (const auto* host : hosts) out.push_back(host->index());
  return out;
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      waits_(queue_.executor()),
      clock_(waits_, kStart, options_.wall_start),
      faults_(options_.seed),
      names_(faults_),
      paths_(options_.seed, options_.path) {
  // Two seeds differ even where nothing is left to chance.
  trace_.add(TraceKind::note, kStart, options_.seed, 0);
}

World::~World() {
  ending_ = true;
  // Frames that are freed may leave more behind.
  while (waits_.size() != 0 || events_.size() != 0 || !queue_.empty()) {
    waits_.clear();
    events_.clear();
    queue_.clear();
  }
}

Host& World::add_host(HostOptions options) {
  const std::uint32_t index = host_count();
  paths_.add_host(options.place);
  Host& host = hosts_.emplace_back(*this, index, std::move(options));
  move_addresses(host, {}, host.options().addresses);
  return host;
}

void World::move_addresses(const Host& host, const std::vector<IpAddress>& old_ones,
                           const std::vector<IpAddress>& new_ones) {
  if (!host.options().routed) return;
  for (const auto& address : old_ones) addresses_.erase(address);
  for (const auto& address : new_ones) {
    const bool fresh = addresses_.emplace(address, host.index()).second;
    if (!fresh) throw Error(ErrorCode::usage, "two hosts have one address", address.to_string());
  }
}

void World::count_step() {
  ++steps_;
  if (++instant_steps_ > options_.instant_step_limit) {
    throw Error(ErrorCode::limit, "the scenario spins without time passing", options_.name);
  }
  if (steps_ - steps_begun_at_ > options_.step_limit) {
    throw Error(ErrorCode::limit, "the scenario takes more steps than it may", options_.name);
  }
}

bool World::step(TimePoint limit) {
  if (queue_.empty()) return advance(limit);
  count_step();
  trace_.add(TraceKind::step, now());
  queue_.run_one();
  return true;
}

bool World::advance(TimePoint limit) {
  const std::optional<TimePoint> timer = clock_.next();
  const std::optional<TimePoint> event = events_.next();
  if (!timer && !event) return false;
  const bool timer_first = timer && (!event || *timer <= *event);
  const TimePoint next = std::max(timer_first ? *timer : *event, now());
  if (next > limit) return false;
  if (next > now()) instant_steps_ = 0;
  clock_.advance_to(next);
  count_step();
  if (timer_first) {
    trace_.add(TraceKind::timer, next);
    clock_.wake_due();
  } else {
    trace_.add(TraceKind::event, next);
    EventQueue::Action action = events_.pop();
    action();
  }
  return true;
}

void World::run_until(TimePoint time) {
  steps_begun_at_ = steps_;
  while (step(time)) {
  }
  if (time > now()) clock_.advance_to(time);
}

void World::run_until_idle() {
  steps_begun_at_ = steps_;
  while (step(TimePoint::max())) {
  }
}

void World::run_while_not(const std::function<bool()>& done) {
  steps_begun_at_ = steps_;
  while (!done()) {
    if (!step(TimePoint::max())) {
      throw Error(ErrorCode::failed, "the scenario waits for what nobody will do", options_.name);
    }
  }
}

void World::run(Task<void> task) {
  struct End {
    bool reached = false;
    std::exception_ptr error;
  };
  // Shared: when a limit is thrown, the task stays behind and must find it.
  const auto end = std::make_shared<End>();
  boost::asio::co_spawn(waits_.executor(), std::move(task), [end](std::exception_ptr error) {
    end->reached = true;
    end->error = std::move(error);
  });
  run_while_not([&end] { return end->reached; });
  if (end->error) std::rethrow_exception(end->error);
}

void World::partition(const std::vector<Host*>& one, const std::vector<Host*>& other) {
  paths_.partition(indexes(one), indexes(other));
}

void World::set_path(const Host& a, const Host& b, PathOptions path) {
  paths_.set(a.index(), b.index(), path);
}

Duration World::round_trip(const Host& a, const Host& b) const {
  return 2 * paths_.latency(a.index(), b.index());
}

void World::write_packets_to(std::function<void(ByteView)> sink) {
  packet_log_.emplace(std::move(sink));
}

void World::set_route(IpAddress address, Route route) {
  routes_[address] = std::move(route);
}

std::optional<std::uint32_t> World::route(const Packet& packet) const {
  if (packet.to.address.is_loopback()) return packet.source;
  if (const auto special = routes_.find(packet.to.address); special != routes_.end()) {
    return special->second(packet);
  }
  const auto found = addresses_.find(packet.to.address);
  if (found == addresses_.end()) return std::nullopt;
  return found->second;
}

void World::send(PacketPtr packet) {
  if (packet_log_) packet_log_->write(*packet, clock_.wall_now());
  if (packet->to.address.is_multicast()) return send_to_segment(std::move(packet));
  Host& source = hosts_[packet->source];
  const std::optional<std::uint32_t> target = route(*packet);
  std::optional<TimePoint> at = now();
  if (target != source.index()) {
    at = source.reachable() ? source.pass_out(*packet, now()) : std::nullopt;
  }
  if (!at || !target) return drop(std::move(packet));
  if (paths_.duplicates(*packet, source.index(), *target)) {
    travel(std::make_unique<Packet>(*packet), *target, *at);
  }
  travel(std::move(packet), *target, *at);
}

void World::send_to_segment(PacketPtr packet) {
  Host& source = hosts_[packet->source];
  const bool leaves = source.reachable() && !source.options().lan.empty();
  const std::optional<TimePoint> at = leaves ? source.pass_out(*packet, now()) : std::nullopt;
  if (!at) return drop(std::move(packet));
  for (const Host& other : hosts_) {
    const bool itself = other.index() == source.index();
    if (other.options().lan != source.options().lan || (itself && !packet->loop)) continue;
    travel(std::make_unique<Packet>(*packet), other.index(), *at);
  }
}

void World::travel(PacketPtr packet, std::uint32_t target, TimePoint at) {
  const std::optional<TimePoint> arrives = paths_.pass(*packet, packet->source, target, at);
  if (!arrives) return drop(std::move(packet));
  events_.at(*arrives, [this, target, packet = std::move(packet)]() mutable {
    arrive(std::move(packet), target);
  });
}

void World::arrive(PacketPtr packet, std::uint32_t target) {
  Host& host = hosts_[target];
  const bool local = packet->source == target;
  const bool reaches = local ? host.up() : host.reachable();
  if (!reaches || !paths_.connected(packet->source, target)) return drop(std::move(packet));
  const std::optional<TimePoint> at = local ? now() : host.pass_in(*packet, now());
  if (!at) return drop(std::move(packet));
  if (*at <= now()) return deliver(std::move(packet), target);
  events_.at(*at, [this, target, packet = std::move(packet)]() mutable {
    deliver(std::move(packet), target);
  });
}

void World::deliver(PacketPtr packet, std::uint32_t target) {
  if (!hosts_[target].up()) return drop(std::move(packet));
  const std::uint64_t what = static_cast<std::uint64_t>(target) << 32 | packet->wire_bytes;
  trace_.add(TraceKind::packet, now(), what, hash_of(packet->payload));
  hosts_[target].deliver(std::move(packet));
}

void World::drop(PacketPtr packet) {
  trace_.add(TraceKind::drop, now(), packet->source, packet->wire_bytes);
  Host& source = hosts_[packet->source];
  source.lost(std::move(packet));
}

}  // namespace shoal::sim
