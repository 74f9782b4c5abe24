#include "net/swarm/swarm.h"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "system/timeout.h"

namespace shoal::net {

namespace {

constexpr Duration kAcceptPause = 100ms;
constexpr Duration kConnectedAddressLifetime = 1h;
// How long a surplus connection may keep streams that were opened before the better one was there.
constexpr Duration kSurplusLook = 1s;
constexpr int kSurplusLooks = 30;
constexpr Duration kBufferLook = 1s;

/// Whom to count a connection against: who has one IPv6 address mostly has 2^64 of them.
std::optional<IpAddress> site_of(const Multiaddr& remote) {
  const auto endpoint = remote.tcp_endpoint();
  if (!endpoint) return std::nullopt;
  const IpAddress address = endpoint->address.normalised();
  if (!address.is_v6()) return address;
  std::array<std::uint8_t, 16> network{};
  std::ranges::copy(address.bytes().first(8), network.begin());
  return IpAddress::v6(network);
}

/// Global addresses first: a link holds at most eight of them.
int reach(const Multiaddr& address) {
  const auto endpoint = address.tcp_endpoint();
  if (!endpoint || endpoint->address.is_loopback()) return 3;
  if (endpoint->address.is_link_local()) return 2;
  return endpoint->address.is_private() ? 1 : 0;
}

}  // namespace

/// One dial that several may wait for.
struct Swarm::Dial {
  explicit Dial(Waits& waits) : ended(waits) {}
  Event ended;
  bool done = false;
  ConnectionId connection = 0;
  std::exception_ptr failure;
};

/// Counts a connection that has not proved who it is yet.
struct Swarm::Handshake {
  Handshake(Swarm& its_swarm, const Multiaddr& remote) : swarm(its_swarm) {
    from = site_of(remote);
    ++swarm.handshakes_;
    if (from) ++swarm.handshakes_from_[*from];
  }
  ~Handshake() {
    --swarm.handshakes_;
    if (from && --swarm.handshakes_from_[*from] == 0) swarm.handshakes_from_.erase(*from);
  }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  Swarm& swarm;
  std::optional<IpAddress> from;
};

Swarm::Swarm(System& system, PeerId local_peer, ConnectionLimits limits)
    : system_(system),
      local_peer_(std::move(local_peer)),
      peers_(system.clock),
      dialer_(system, transports_),
      limits_(limits),
      connections_(system.waits, local_peer_, limits),
      tasks_(system.waits, "swarm"),
      connection_tasks_(system.waits, "connections") {}

void Swarm::add_transport(std::unique_ptr<Transport> transport) {
  transports_.push_back(std::move(transport));
}

void Swarm::listen(const Multiaddr& address) {
  for (const auto& transport : transports_) {
    if (!transport->handles(address)) continue;
    listeners_.push_back(transport->listen(address));
    tasks_.spawn(accept_from(*listeners_.back()));
    return;
  }
  throw Error(ErrorCode::unsupported, "no transport can listen on this address",
              address.to_string(), "use /ip4/…/tcp/… or /ip6/…/tcp/…");
}

std::vector<Multiaddr> Swarm::listen_addresses() const {
  std::vector<Multiaddr> out;
  for (const auto& listener : listeners_) {
    const auto endpoint = listener->address().tcp_endpoint();
    if (!endpoint || !endpoint->address.is_unspecified()) {
      out.push_back(listener->address());
      continue;
    }
    for (const IpAddress& ip : system_.network.local_addresses()) {
      if (ip.is_v6() != endpoint->address.is_v6() || ip.is_link_local()) continue;
      out.push_back(Multiaddr::tcp(Endpoint{ip, endpoint->port}));
    }
  }
  std::ranges::stable_sort(out, {}, reach);
  return out;
}

Task<ConnectionId> Swarm::connect(PeerId peer) {
  if (peer == local_peer_) throw Error(ErrorCode::usage, "this is our own id", peer.to_string());
  if (const Connection* open = best(peer)) co_return open->id();
  if (tasks_.stopping()) throw Error(ErrorCode::closed, "this node is stopping");
  std::shared_ptr<Dial> dial = dials_[peer];
  if (!dial) {
    dial = std::make_shared<Dial>(system_.waits);
    dials_[peer] = dial;
    tasks_.spawn(run_dial(peer, dial));
  }
  while (!dial->done) co_await dial->ended.wait();
  if (dial->failure) std::rethrow_exception(dial->failure);
  co_return dial->connection;
}

Task<void> Swarm::run_dial(PeerId peer, std::shared_ptr<Dial> dial) {
  try {
    Link link = co_await dialer_.dial(peer, peers_.addresses(peer));
    const Connection* crossed = best(peer);
    dial->connection = adopt(std::move(link), Direction::outbound);
    if (crossed != nullptr) dial->connection = best(peer)->id();
  } catch (const boost::system::system_error&) {
    const Error stopped(ErrorCode::closed, "this node is stopping");
    dial->failure = std::make_exception_ptr(stopped);
  } catch (...) {
    dial->failure = std::current_exception();
  }
  dial->done = true;
  dials_.erase(peer);
  dial->ended.notify_all();
}

Task<ProtocolStream> Swarm::open(PeerId peer, std::vector<std::string> protocols) {
  const ConnectionId id = co_await connect(peer);
  Connection* connection = find(id);
  if (connection == nullptr) {
    throw Error(ErrorCode::closed, "the connection ended", peer.to_string());
  }
  co_return co_await connection->open(protocols);
}

void Swarm::disconnect(const PeerId& peer) {
  for (Connection* connection : connections_.of(peer)) connection->close();
}

Task<void> Swarm::accept_from(TransportListener& listener) {
  while (true) {
    bool failed = false;
    try {
      std::unique_ptr<Incoming> incoming = co_await listener.accept();
      // Refused before it costs any arithmetic: dropping it closes it.
      if (has_room_for_handshake(incoming->remote())) {
        tasks_.spawn(upgrade(std::move(incoming)));
      }
    } catch (const Error& error) {
      log_debug("accept on {}: {}", listener.address().to_string(), error.what());
      failed = true;
    }
    if (failed) co_await system_.clock.sleep_for(kAcceptPause);
  }
}

bool Swarm::has_room_for_handshake(const Multiaddr& remote) const {
  if (handshakes_ >= limits_.handshakes) return false;
  if (!connections_.has_inbound_room()) return false;
  const auto site = site_of(remote);
  if (!site) return true;
  const auto found = handshakes_from_.find(*site);
  return found == handshakes_from_.end() || found->second < limits_.handshakes_per_address;
}

Task<void> Swarm::upgrade(std::unique_ptr<Incoming> incoming) {
  const Handshake counted(*this, incoming->remote());
  Task<Link> upgrading = incoming->upgrade();
  Link link = co_await within(system_.clock, limits_.handshake_timeout, std::move(upgrading),
                              "handshake with " + incoming->remote().to_string());
  adopt(std::move(link), Direction::inbound);
}

ConnectionId Swarm::adopt(Link link, Direction direction) {
  if (link.peer == local_peer_) throw Error(ErrorCode::refused, "this is our own id");
  connections_.check_room(link.peer, direction);
  const ConnectionId id = connections_.next_id();
  Connection& connection = connections_.add(
      std::make_unique<Connection>(system_, protocols_, id, std::move(link), direction));
  if (direction == Direction::outbound) {
    peers_.add_address(connection.peer(), connection.remote(), AddressSource::connected,
                       kConnectedAddressLifetime);
  }
  peers_.pin(connection.peer());
  connection_tasks_.spawn(run_connection(connection));
  if (!std::exchange(watching_buffers_, true)) tasks_.spawn(watch_buffers());
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
  } catch (const boost::system::system_error&) {
    // The node stops; what follows happens all the same.
  }
  for (ConnectionObserver* observer : observers_) observer->disconnected(connection);
  peers_.unpin(connection.peer());
  connections_.retire(connection.id());
}

Task<void> Swarm::retire_surplus(ConnectionId id) {
  for (int look = 0; look < kSurplusLooks; ++look) {
    co_await system_.clock.sleep_for(kSurplusLook);
    const Connection* connection = find(id);
    if (connection == nullptr || connection->stream_count() == 0) break;
  }
  Connection* connection = find(id);
  if (connection != nullptr && connections_.surplus(*connection)) connection->close();
}

Task<void> Swarm::watch_buffers() {
  while (connections_.size() > 0) {
    end_the_greediest();
    co_await system_.clock.sleep_for(kBufferLook);
  }
  watching_buffers_ = false;
}

void Swarm::end_the_greediest() {
  std::vector<Connection*> greediest = connections_.all();
  std::ranges::stable_sort(greediest, std::greater<>{}, &Connection::buffered_bytes);
  std::size_t total = 0;
  for (const Connection* connection : greediest) total += connection->buffered_bytes();
  for (Connection* connection : greediest) {
    if (total <= limits_.buffered_bytes) break;
    total -= connection->buffered_bytes();
    log(LogLevel::warning, "too much is buffered: ending the connection to {}",
        connection->peer().to_string());
    connection->close();
  }
}

Task<void> Swarm::stop() {
  co_await tasks_.stop();
  listeners_.clear();
  for (Connection* connection : connections_.all()) connection->shutdown();
  co_await connection_tasks_.join_through();
  co_await connections_.wait_until_freed();
}

}  // namespace shoal::net
