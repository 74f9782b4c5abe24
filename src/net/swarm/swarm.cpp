#include "net/swarm/swarm.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace shoal::net {

namespace {

constexpr Duration kWarningPeriod = 10min;
constexpr Duration kConnectedAddressLifetime = 1h;
// How long a surplus connection may keep streams that were opened before the better one was there.
constexpr Duration kSurplusLook = 1s;
constexpr int kSurplusLooks = 30;

}  // namespace

Swarm::Swarm(System& system, PeerId local_peer, ConnectionLimits limits)
    : system_(system),
      local_peer_(std::move(local_peer)),
      limits_(limits),
      context_(system, limits.unsolicited_bytes_per_second),
      peers_(system.clock),
      manager_(limits.marks),
      connections_(system.clock, local_peer_, limits, manager_, context_.ingress),
      trimmer_(system.clock, manager_, connections_),
      dials_(system, peers_, transports_, limits.dial_attempts,
             [this](Link link) { return adopt_outbound(std::move(link)); }),
      acceptor_(system, limits_, connections_, context_.failures, *this),
      buffers_(system.waits, connections_, context_.ingress, limits.buffered_bytes,
               [this](Connection& connection, const std::string& reason) {
                 disconnect(connection, reason);
               }),
      tasks_(system.waits, "swarm"),
      connection_tasks_(system.waits, "connections") {}

void Swarm::add_transport(std::unique_ptr<Transport> transport) {
  transports_.push_back(std::move(transport));
}

void Swarm::listen(const Multiaddr& address) {
  for (const auto& transport : transports_) {
    if (!transport->handles(address)) continue;
    acceptor_.listen(*transport, address);
    return;
  }
  throw Error(ErrorCode::unsupported, "no transport can listen on this address",
              address.to_string(), "use /ip4/…/tcp/… or /ip6/…/udp/…/quic-v1");
}

std::vector<Multiaddr> Swarm::listen_addresses() const {
  std::vector<Multiaddr> out = announced_;
  const std::vector<Multiaddr> listened = acceptor_.addresses();
  out.insert(out.end(), listened.begin(), listened.end());
  std::ranges::stable_partition(
      out, [](const Multiaddr& address) { return path_of(address) != Path::relay; });
  return out;
}

void Swarm::withdraw(const Multiaddr& address) {
  const auto found = std::ranges::find(announced_, address);
  if (found != announced_.end()) announced_.erase(found);
}

Task<ConnectionId> Swarm::dial(PeerId peer, DialOptions options) {
  const ConnectionId first = co_await begin_dial(peer, options);
  if (co_await is_proven(first)) co_return first;
  // Nobody was there where it had been.
  co_return co_await begin_dial(std::move(peer), std::move(options));
}

Task<bool> Swarm::is_proven(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) co_return false;
  try {
    co_await connection->wait_until_proven();
    co_return true;
  } catch (const Error&) {
    co_return false;
  }
}

Task<ConnectionId> Swarm::begin_dial(PeerId peer, DialOptions options) {
  if (peer == local_peer_) throw Error(ErrorCode::usage, "this is our own id", peer.to_string());
  const Connection* open = best(peer);
  const bool wants_another = options.force_direct || !options.addresses.empty();
  if (open != nullptr && !(wants_another && open->path() == Path::relay)) {
    co_return open->id();
  }
  check_admitted(peer);
  check_room_to_dial(peer);
  co_return co_await dials_.dial(std::move(peer), std::move(options));
}

Task<ProtocolStream> Swarm::open(PeerId peer, std::vector<std::string> protocols,
                                 OpenOptions options) {
  const DialOptions dialled{.force_direct = options.direct_only};
  const bool early = options.replay == Replay::harmless;
  const ConnectionId id = early ? co_await begin_dial(peer, dialled) : co_await dial(peer, dialled);
  Connection* connection = find(id);
  if (connection == nullptr) {
    throw Error(ErrorCode::closed, "the connection ended", peer.to_string());
  }
  co_return co_await connection->open(protocols);
}

void Swarm::disconnect(const PeerId& peer) {
  for (Connection* connection : connections_.of(peer)) connection->close();
}

void Swarm::disconnect(const PeerId& peer, const std::string& reason) {
  for (Connection* connection : connections_.of(peer)) disconnect(*connection, reason);
}

void Swarm::disconnect(Connection& connection, const std::string& reason) {
  if (connection.closed()) return;
  log_info("disconnected {}: {}", connection.peer().short_name(), reason);
  context_.failures.add(FailureCounts::Stage::connection, ErrorCode::limit);
  acceptor_.penalise(connection);
  connection.close();
}

std::optional<IpAddress> Swarm::ip_prefix_of(const PeerId& peer) {
  const Connection* connection = best(peer);
  return connection == nullptr ? std::nullopt : net::ip_prefix_of(connection->remote());
}

void Swarm::note_transfer(const PeerId& peer) {
  const std::vector<Connection*> connections = connections_.of(peer);
  for (Connection* connection : connections) connection->note_transfer(system_.clock.now());
  if (!connections.empty()) peers_.note_useful(peer);
}

void Swarm::check_admitted(const PeerId& peer) const {
  if (!admits_ || admits_(peer)) return;
  throw Error(ErrorCode::refused, "this node does not admit this peer", peer.to_string());
}

void Swarm::check_room_to_dial(const PeerId& peer) const {
  if (connections_.has_outbound_room() || connections_.least_useful() != nullptr) return;
  throw Error(ErrorCode::limit, "too many connections", peer.to_string());
}

/// The least useful connection is evicted when a new one finds none free.
void Swarm::make_room_for(const Multiaddr& remote, Direction direction) {
  Connection* candidate = nullptr;
  if (direction == Direction::inbound) {
    candidate = connections_.eviction_candidate(remote);
  } else if (!connections_.has_outbound_room()) {
    candidate = connections_.least_useful();
  }
  if (candidate == nullptr) return;
  if (limits_.open_files != 0) warn_of_few_descriptors();
  evict(*candidate);
}

void Swarm::evict(Connection& connection) {
  log_debug("{} gives its place to another", connection.peer().short_name());
  context_.failures.add(FailureCounts::Stage::connection, ErrorCode::limit);
  connections_.give_up_place(connection);
  connection.close();
}

/// Who waits to be accepted gets the descriptor of the least useful connection.
void Swarm::out_of_descriptors() {
  warn_of_few_descriptors();
  if (Connection* idle = connections_.least_useful()) evict(*idle);
}

void Swarm::warn_of_few_descriptors() {
  const TimePoint now = system_.clock.now();
  if (warned_of_descriptors_ && now - *warned_of_descriptors_ < kWarningPeriod) return;
  warned_of_descriptors_ = now;
  log_warning(
      "too few open files are allowed for all the peers that connect ({} connections now): idle "
      "ones are closed for new ones; allow more with: ulimit -n 4096",
      connections_.size());
}

/// The connection to use from now on: of two dials that crossed, only one stays.
ConnectionId Swarm::adopt_outbound(Link link) {
  const PeerId peer = link.peer;
  const Path path = path_of(link.remote);
  const Connection* crossed = best(peer);
  const bool stays = crossed != nullptr && crossed->path() <= path;
  const ConnectionId made = adopt(std::move(link), Direction::outbound);
  return stays ? best(peer)->id() : made;
}

ConnectionId Swarm::adopt(Link link, Direction direction) {
  if (link.peer == local_peer_) throw Error(ErrorCode::refused, "this is our own id");
  check_admitted(link.peer);
  make_room_for(link.remote, direction);
  connections_.check_room(link.peer, link.remote, direction);
  const ConnectionId id = connections_.next_id();
  Connection& connection = connections_.add(
      std::make_unique<Connection>(system_, context_, id, std::move(link), direction));
  if (direction == Direction::outbound) {
    peers_.add_address(connection.peer(), connection.remote(), AddressSource::connected,
                       kConnectedAddressLifetime);
  }
  peers_.pin(connection.peer());
  dials_.note_connected(connection.peer());
  buffers_.add(connection);
  connection_tasks_.spawn(run_connection(connection));
  trimmer_.connection_added();
  for (Connection* other : connections_.of(connection.peer())) {
    if (connections_.surplus(*other)) tasks_.spawn(retire_surplus(other->id()));
  }
  return id;
}

Task<void> Swarm::run_connection(Connection& connection) {
  for (ConnectionObserver* observer : observers_) observer->connected(connection);
  try {
    co_await connection.run();
  } catch (const Error& error) {
    log_debug("connection to {} ended: {}", connection.peer().short_name(), error.what());
    context_.failures.add(FailureCounts::Stage::connection, error.code());
    const bool bad = error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit;
    if (bad) acceptor_.penalise(connection);
  } catch (const boost::system::system_error&) {
    // The node stops; what follows happens all the same.
  }
  forget(connection);
}

void Swarm::forget(Connection& connection) {
  for (ConnectionObserver* observer : observers_) observer->disconnected(connection);
  peers_.unpin(connection.peer());
  buffers_.remove(connection);
  connections_.retire(connection.id());
}

Task<void> Swarm::retire_surplus(ConnectionId id) {
  for (int look = 0; look < kSurplusLooks; ++look) {
    co_await system_.clock.sleep_for(kSurplusLook);
    const Connection* connection = find(id);
    if (connection == nullptr || connection->stream_count() == 0) break;
  }
  Connection* connection = find(id);
  if (connection != nullptr && connections_.surplus(*connection)) connection->shutdown();
}

Task<void> Swarm::stop() {
  co_await dials_.stop();
  co_await acceptor_.stop();
  co_await tasks_.stop();
  co_await trimmer_.stop();
  co_await buffers_.stop();
  for (Connection* connection : connections_.all()) connection->shutdown();
  co_await connection_tasks_.join_through();
  co_await connections_.wait_until_freed();
  for (const auto& transport : transports_) co_await transport->stop();
}

}  // namespace shoal::net
