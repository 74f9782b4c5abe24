#include "lab/gossip_links.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace shoal::lab {

namespace {

constexpr double kLinkPlane = 60;  // milliseconds
constexpr double kLinkNearest = 10;
constexpr std::size_t kTurnBytes = 16 * 1024;

}  // namespace

GossipLinks::GossipLinks(sim::World& world, GossipLinkOptions options, std::uint64_t seed,
                         Arrive arrive)
    : world_(world), options_(options), arrive_(std::move(arrive)), random_(seed, 3) {}

void GossipLinks::add_node() {
  const double x = random_.unit() * kLinkPlane;
  const double y = random_.unit() * kLinkPlane;
  nodes_.push_back({.x = x, .y = y, .waiting = {}, .turns = {}});
}

Duration GossipLinks::delay(std::uint32_t from, std::uint32_t to) {
  const double jitter = 1 + options_.jitter * random_.unit();
  if (options_.latency) {
    const auto base = std::chrono::duration_cast<std::chrono::microseconds>(*options_.latency);
    return std::chrono::microseconds(std::llround(static_cast<double>(base.count()) * jitter));
  }
  const double dx = nodes_[from].x - nodes_[to].x;
  const double dy = nodes_[from].y - nodes_[to].y;
  const double milliseconds = kLinkNearest + std::sqrt(dx * dx + dy * dy);
  return std::chrono::microseconds(std::llround(milliseconds * 1000 * jitter));
}

Duration GossipLinks::line_time(std::size_t bytes) const {
  const double seconds = static_cast<double>(bytes) / options_.bytes_per_second;
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

void GossipLinks::send(std::uint32_t from, std::uint32_t to, Item item) {
  if (options_.bytes_per_second == 0) {
    travel(from, to, std::move(item));
    return;
  }
  Node& node = nodes_[from];
  const auto [queue, fresh] = node.waiting.try_emplace(to);
  if (fresh) node.turns.push_back(to);
  (item.control ? queue->second.control : queue->second.bulk).push_back(std::move(item));
  serve(from);
}

void GossipLinks::serve(std::uint32_t from) {
  Node& node = nodes_[from];
  if (node.busy || node.turns.empty()) return;
  node.busy = true;
  const std::uint32_t to = node.turns.front();
  Queue& queue = node.waiting.at(to);
  if (queue.sent == 0) queue.sends_bulk = queue.control.empty();
  const Item& item = queue.sends_bulk ? queue.bulk.front() : queue.control.front();
  const std::size_t bytes = std::min(kTurnBytes, item.bytes - queue.sent);
  world_.after(line_time(bytes), [this, from, to, bytes] { served(from, to, bytes); });
}

void GossipLinks::served(std::uint32_t from, std::uint32_t to, std::size_t bytes) {
  Node& node = nodes_[from];
  node.busy = false;
  node.turns.pop_front();
  Queue& queue = node.waiting.at(to);
  std::deque<Item>& line = queue.sends_bulk ? queue.bulk : queue.control;
  queue.sent += bytes;
  if (queue.sent >= line.front().bytes) {
    Item item = std::move(line.front());
    line.pop_front();
    queue.sent = 0;
    travel(from, to, std::move(item));
  }
  if (queue.control.empty() && queue.bulk.empty()) {
    node.waiting.erase(to);
  } else {
    node.turns.push_back(to);
  }
  serve(from);
}

void GossipLinks::travel(std::uint32_t from, std::uint32_t to, Item item) {
  TimePoint& last = last_arrival_[std::uint64_t{from} << 32 | to];
  last = std::max(last, world_.now() + delay(from, to));
  world_.at(last, [this, from, to, item = std::move(item)] { land(from, to, item); });
}

void GossipLinks::land(std::uint32_t from, std::uint32_t to, const Item& item) {
  if (options_.bytes_per_second == 0) {
    arrive_(from, to, item);
    return;
  }
  TimePoint& free = nodes_[to].down_free;
  free = std::max(world_.now(), free + line_time(item.bytes));
  if (free == world_.now()) {
    arrive_(from, to, item);
  } else {
    world_.at(free, [this, from, to, item] { arrive_(from, to, item); });
  }
}

}  // namespace shoal::lab
