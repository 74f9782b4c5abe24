#include "net/swarm/buffer_watch.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace shoal::net {

BufferWatch::BufferWatch(Waits& waits, const ConnectionTable& connections,
                         const IngressLimiter& ingress, std::size_t max_bytes, End end)
    : connections_(connections),
      ingress_(ingress),
      max_bytes_(max_bytes),
      end_(std::move(end)),
      tasks_(waits, "buffer watch") {}

void BufferWatch::add(Connection& connection) {
  Connection* const watched = &connection;
  held_[connection.id()] = {};
  connection.muxer().when_buffering([this, watched] { count(*watched); });
  connection.muxer().bound_promises([this, id = connection.id()] { return allowance(id); });
}

void BufferWatch::remove(Connection& connection) {
  connection.muxer().when_buffering({});
  connection.muxer().bound_promises({});
  const Held held = held_[connection.id()];
  unread_ -= held.unread;
  promised_ -= held.promised;
  held_.erase(connection.id());
}

/// No more than half of what is left, so that whoever comes later finds something, too.
std::size_t BufferWatch::allowance(ConnectionId id) const {
  const std::size_t most = max_bytes_ / 4 * 3;
  const std::size_t own = held_.at(id).promised;
  const std::size_t others = promised_ - own;
  const std::size_t share = most > others ? (most - others) / 2 : 0;
  return share > own ? share - own : 0;
}

void BufferWatch::count(Connection& connection) {
  Held& known = held_[connection.id()];
  const Held now{.unread = connection.buffered_bytes(), .promised = connection.promised_bytes()};
  unread_ = unread_ - known.unread + now.unread;
  promised_ = promised_ - known.promised + now.promised;
  known = now;
  if (unread_ <= max_bytes_ || std::exchange(ending_, true)) return;
  tasks_.spawn(end_the_greediest());
}

Task<void> BufferWatch::end_the_greediest() {
  ending_ = false;
  std::vector<Connection*> greediest = connections_.all();
  std::erase_if(greediest, &Connection::closed);
  const auto rank = [this](const Connection* connection) {
    return std::pair(ingress_.is_solicited(connection->peer()) ? 0 : 1,
                     connection->buffered_bytes());
  };
  std::ranges::stable_sort(greediest, std::greater<>{}, rank);
  std::size_t total = 0;
  for (const Connection* connection : greediest) total += connection->buffered_bytes();
  for (Connection* connection : greediest) {
    if (total <= max_bytes_) break;
    total -= connection->buffered_bytes();
    end_(*connection, "too many bytes that nobody reads");
  }
  co_return;
}

}  // namespace shoal::net
