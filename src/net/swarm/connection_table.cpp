#include "net/swarm/connection_table.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"

namespace shoal::net {

namespace {

/// Dials that cross end within so long of each other.
constexpr Duration kCrossing = 5s;

}  // namespace

ConnectionLimits ConnectionLimits::within(std::size_t files) const {
  ConnectionLimits out = *this;
  // Few are shared by halves: a node that cannot open a file serves nobody.
  const std::size_t sockets = std::max(files / 2, files - std::min(files, kReservedDescriptors));
  if (sockets >= connections + handshakes) return out;
  out.open_files = files;
  out.handshakes = std::max<std::size_t>(sockets / 4, 1);
  out.dial_attempts = std::min(dial_attempts, out.handshakes);
  out.handshakes_per_address = std::min(handshakes_per_address, out.handshakes);
  out.connections = std::max<std::size_t>(sockets - out.handshakes, 2);
  out.inbound_connections = std::min(inbound_connections, out.connections / 4 * 3);
  out.marks.high = std::min(marks.high, std::max<std::size_t>(out.connections / 8 * 7, 1));
  out.marks.low = std::min(marks.low, out.marks.high / 8 * 7);
  return out;
}

bool ConnectionTable::has_inbound_room(const Multiaddr& remote) const {
  if (is_full() || inbound_ >= limits_.inbound_connections) return false;
  const auto prefix = ip_prefix_of(remote);
  if (prefix && is_this_machine(*prefix)) return true;
  const auto found = prefix ? inbound_from_.find(*prefix) : inbound_from_.end();
  return found == inbound_from_.end() || found->second < limits_.inbound_connections_per_prefix;
}

Connection* ConnectionTable::eviction_candidate(const Multiaddr& remote) const {
  if (has_inbound_room(remote)) return nullptr;
  const auto from = ip_prefix_of(remote);
  const bool of_any_prefix = is_full() || inbound_ >= limits_.inbound_connections;
  std::size_t most = 0;
  for (const auto& [prefix, count] : inbound_from_) most = std::max(most, count);
  return least_useful([&](const Connection& connection) {
    if (connection.direction() != Direction::inbound) return false;
    const auto prefix = ip_prefix_of(connection.remote());
    return of_any_prefix ? !prefix || inbound_from_.at(*prefix) == most : prefix == from;
  });
}

Connection* ConnectionTable::least_useful() const {
  return least_useful([](const Connection&) { return true; });
}

Connection* ConnectionTable::least_useful(
    const std::function<bool(const Connection&)>& may_go) const {
  std::optional<ConnectionManager::Rank> lowest;
  Connection* out = nullptr;
  for (const auto& [id, candidate] : by_id_) {
    if (without_place_.contains(id) || !may_evict(*candidate) || !may_go(*candidate)) continue;
    const ConnectionManager::Rank rank = manager_.rank(candidate->peer(), use_of(*candidate));
    if (lowest && !(rank < *lowest)) continue;
    lowest = rank;
    out = candidate.get();
  }
  return out;
}

bool ConnectionTable::may_evict(const Connection& connection) const {
  if (connection.closed() || ingress_.is_solicited(connection.peer())) return false;
  if (manager_.is_protected(connection.peer())) return false;
  return connection.direction() == Direction::inbound ||
         clock_.now() - connection.opened_at() >= manager_.marks().grace;
}

ConnectionUse ConnectionTable::use_of(const Connection& connection) const {
  ConnectionUse out = connection.use();
  out.solicited = ingress_.is_solicited(connection.peer());
  const auto prefix = ip_prefix_of(connection.remote());
  const bool counts = connection.direction() == Direction::inbound && prefix;
  if (!counts || is_this_machine(*prefix)) return out;
  const auto found = inbound_from_.find(*prefix);
  if (found != inbound_from_.end()) out.crowd = found->second;
  return out;
}

std::vector<ConnectionManager::Candidate> ConnectionTable::candidates() const {
  std::vector<ConnectionManager::Candidate> out;
  out.reserve(by_id_.size());
  for (const auto& [id, connection] : by_id_) {
    if (without_place_.contains(id) || connection->closed()) continue;
    out.push_back({.id = id, .peer = connection->peer(), .use = use_of(*connection)});
  }
  return out;
}

void ConnectionTable::check_room(const PeerId& peer, const Multiaddr& remote,
                                 Direction direction) const {
  const bool room = direction == Direction::inbound ? has_inbound_room(remote) : !is_full();
  if (!room) {
    throw Error(ErrorCode::limit, "too many connections", peer.to_string());
  }
  const auto found = by_peer_.find(peer);
  if (found != by_peer_.end() && found->second.size() >= limits_.connections_per_peer) {
    throw Error(ErrorCode::limit, "too many connections to one peer", peer.to_string());
  }
}

Connection& ConnectionTable::add(std::unique_ptr<Connection> connection) {
  Connection& added = *connection;
  by_peer_[added.peer()].push_back(&added);
  count_inbound(added, true);
  by_id_.emplace(added.id(), std::move(connection));
  return added;
}

void ConnectionTable::retire(ConnectionId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  std::unique_ptr<Connection> connection = std::move(found->second);
  by_id_.erase(found);
  if (without_place_.erase(id) == 0) count_inbound(*connection, false);
  const auto same_peer = by_peer_.find(connection->peer());
  std::erase(same_peer->second, connection.get());
  if (same_peer->second.empty()) by_peer_.erase(same_peer);
  if (connection->stream_count() == 0) return;
  Connection* leaving = connection.get();
  retired_.push_back(std::move(connection));
  leaving->when_idle([this, leaving] { free_retired(leaving); });
}

void ConnectionTable::give_up_place(const Connection& connection) {
  if (without_place_.insert(connection.id()).second) count_inbound(connection, false);
}

bool ConnectionTable::is_full() const {
  return counted() >= limits_.connections;
}

void ConnectionTable::count_inbound(const Connection& connection, bool came) {
  if (connection.direction() != Direction::inbound) return;
  inbound_ = came ? inbound_ + 1 : inbound_ - 1;
  const auto prefix = ip_prefix_of(connection.remote());
  if (!prefix) return;
  if (came) {
    ++inbound_from_[*prefix];
  } else if (--inbound_from_[*prefix] == 0) {
    inbound_from_.erase(*prefix);
  }
}

void ConnectionTable::free_retired(Connection* connection) {
  std::erase_if(retired_, [connection](const auto& held) { return held.get() == connection; });
  freed_.notify_all();
}

Task<void> ConnectionTable::wait_until_freed() {
  while (!retired_.empty()) co_await freed_.wait_uncancellable();
}

bool ConnectionTable::surplus(const Connection& connection) const {
  const bool has_direct = std::ranges::any_of(of(connection.peer()), [](const Connection* other) {
    return !other->going_away() && other->path() != Path::relay;
  });
  if (connection.path() == Path::relay && has_direct) return true;
  return !preferred(connection) &&
         std::ranges::any_of(of(connection.peer()), [&](const Connection* other) {
           return !other->closed() && other->path() == connection.path() && preferred(*other) &&
                  may_have_crossed(*other, connection);
         });
}

Connection* ConnectionTable::find(ConnectionId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || found->second->closed() ? nullptr : found->second.get();
}

Connection* ConnectionTable::best(const PeerId& peer) const {
  Connection* out = nullptr;
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return nullptr;
  for (Connection* candidate : found->second) {
    if (candidate->going_away()) continue;
    if (out == nullptr || candidate->path() < out->path()) {
      out = candidate;
      continue;
    }
    if (candidate->path() > out->path()) continue;
    const bool stays =
        preferred(*out) && !preferred(*candidate) && may_have_crossed(*out, *candidate);
    if (!stays) out = candidate;
  }
  return out;
}

std::vector<Connection*> ConnectionTable::of(const PeerId& peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? std::vector<Connection*>{} : found->second;
}

std::vector<Connection*> ConnectionTable::all() const {
  std::vector<Connection*> out;
  out.reserve(by_id_.size());
  for (const auto& [id, connection] : by_id_) out.push_back(connection.get());
  return out;
}

bool ConnectionTable::preferred(const Connection& connection) const {
  const bool we_are_smaller = local_peer_ < connection.peer();
  return (connection.direction() == Direction::outbound) == we_are_smaller;
}

bool ConnectionTable::may_have_crossed(const Connection& connection, const Connection& newer) {
  return newer.opened_at() - connection.opened_at() <= kCrossing;
}

}  // namespace shoal::net
