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
constexpr Duration kWarningPeriod = 10min;
constexpr Duration kConnectedAddressLifetime = 1h;
// How long a surplus connection may keep streams that were opened before the better one was there.
constexpr Duration kSurplusLook = 1s;
constexpr int kSurplusLooks = 30;

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

/// A connection that has not proved who it is yet.
struct Swarm::Handshake {
  Handshake(Swarm& its_swarm, const Multiaddr& remote)
      : swarm(its_swarm),
        site(site_of(remote)),
        place(swarm.handshakes_.insert(swarm.handshakes_.end(), this)),
        work(swarm.system_.waits, "handshake with " + remote.to_string()) {
    if (site) ++swarm.handshakes_from_[*site];
  }
  ~Handshake() { leave(); }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  void leave() {
    if (std::exchange(left, true)) return;
    swarm.handshakes_.erase(place);
    if (site && --swarm.handshakes_from_[*site] == 0) swarm.handshakes_from_.erase(*site);
  }
  /// Ends it in favour of another.
  void evict() {
    leave();
    work.cancel();
  }

  Swarm& swarm;
  const std::optional<IpAddress> site;
  const std::list<Handshake*>::iterator place;
  bool left = false;
  TaskGroup work;
  std::optional<Link> link;
};

Swarm::Swarm(System& system, PeerId local_peer, ConnectionLimits limits)
    : system_(system),
      local_peer_(std::move(local_peer)),
      context_(system, limits.unasked_bytes_per_second),
      peers_(system.clock),
      dialer_(system, transports_),
      limits_(limits),
      manager_(limits.marks),
      connections_(system.clock, local_peer_, limits, manager_, context_.toll),
      trimmer_(system.clock, manager_, connections_),
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
  out.insert(out.begin(), announced_.begin(), announced_.end());
  return out;
}

Task<ConnectionId> Swarm::connect(PeerId peer) {
  if (peer == local_peer_) throw Error(ErrorCode::usage, "this is our own id", peer.to_string());
  if (const Connection* open = best(peer)) co_return open->id();
  if (tasks_.stopping()) throw Error(ErrorCode::closed, "this node is stopping");
  check_admitted(peer);
  check_room_to_dial(peer);
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

void Swarm::disconnect(const PeerId& peer, const std::string& reason) {
  for (Connection* connection : connections_.of(peer)) disconnect(*connection, reason);
}

void Swarm::disconnect(Connection& connection, const std::string& reason) {
  if (connection.closed()) return;
  log_info("disconnected {}: {}", connection.peer().short_name(), reason);
  context_.failures.add(FailureCounts::Stage::connection, ErrorCode::limit);
  penalise(connection);
  connection.close();
}

std::optional<IpAddress> Swarm::ip_prefix_of(const PeerId& peer) {
  const Connection* connection = best(peer);
  return connection == nullptr ? std::nullopt : site_of(connection->remote());
}

void Swarm::penalise(const Connection& connection) {
  if (connection.direction() != Direction::inbound) return;
  const auto site = site_of(connection.remote());
  if (site) inbound_rates_.penalise(*site, system_.clock.now());
}

void Swarm::disconnect(const PeerId& peer) {
  for (Connection* connection : connections_.of(peer)) connection->close();
}

Task<void> Swarm::accept_from(TransportListener& listener) {
  while (true) {
    bool failed = false;
    bool no_descriptors = false;
    try {
      std::unique_ptr<Incoming> incoming = co_await listener.accept();
      // Refused before it costs any arithmetic: dropping it closes it.
      if (admit(incoming->remote())) {
        tasks_.spawn(upgrade(std::move(incoming)));
      } else {
        context_.failures.add(FailureCounts::Stage::knock, ErrorCode::limit);
      }
    } catch (const Error& error) {
      log_debug("accept on {}: {}", listener.address().to_string(), error.what());
      failed = true;
      no_descriptors = error.code() == ErrorCode::limit;
    }
    // Who waits to be accepted gets the descriptor of whoever makes least use of one.
    if (no_descriptors) {
      warn_of_few_descriptors();
      if (Connection* idle = connections_.least_useful()) evict(*idle);
    }
    if (failed) co_await system_.clock.sleep_for(kAcceptPause);
  }
}

bool Swarm::admit(const Multiaddr& remote) {
  const auto site = site_of(remote);
  if (site && !inbound_rates_.admit(*site, system_.clock.now())) return false;
  const bool has_room =
      connections_.has_inbound_room(remote) || connections_.eviction_candidate(remote) != nullptr;
  if (!has_room) return false;
  make_room_for_handshake(site);
  return true;
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

void Swarm::warn_of_few_descriptors() {
  const TimePoint now = system_.clock.now();
  if (warned_of_descriptors_ && now - *warned_of_descriptors_ < kWarningPeriod) return;
  warned_of_descriptors_ = now;
  log_warning(
      "too few open files are allowed for all the peers that connect ({} connections now): idle "
      "ones are closed for new ones; allow more with: ulimit -n 4096",
      connections_.size());
}

void Swarm::note_transfer(const PeerId& peer) {
  for (Connection* connection : connections_.of(peer)) {
    connection->note_transfer(system_.clock.now());
  }
}

/// An honest handshake takes a few round trips; the oldest one is most likely none.
void Swarm::make_room_for_handshake(const std::optional<IpAddress>& site) {
  const auto of_site = [this](const std::optional<IpAddress>& one) {
    const auto found = one ? handshakes_from_.find(*one) : handshakes_from_.end();
    return found == handshakes_from_.end() ? std::size_t{0} : found->second;
  };
  const bool too_many_of_it = of_site(site) >= limits_.handshakes_per_address;
  if (!too_many_of_it && handshakes_.size() < limits_.handshakes) return;
  std::size_t most = 0;
  for (const auto& [one, count] : handshakes_from_) most = std::max(most, count);
  const auto victim = std::ranges::find_if(handshakes_, [&](const Handshake* one) {
    return too_many_of_it ? one->site == site : of_site(one->site) == most;
  });
  if (victim == handshakes_.end()) return;
  context_.failures.add(FailureCounts::Stage::handshake, ErrorCode::limit);
  (*victim)->evict();
}

Task<void> Swarm::upgrade(std::unique_ptr<Incoming> incoming) {
  Handshake handshake(*this, incoming->remote());
  handshake.work.spawn(shake_hands(std::move(incoming), handshake));
  try {
    co_await handshake.work.join();
  } catch (const boost::system::system_error&) {
    // The node stops.
  }
  co_await handshake.work.stop();
  if (!handshake.link || tasks_.stopping()) co_return;
  try {
    adopt(std::move(*handshake.link), Direction::inbound);
  } catch (const Error& error) {
    context_.failures.add(FailureCounts::Stage::handshake, error.code());
    throw;
  }
}

Task<void> Swarm::shake_hands(std::unique_ptr<Incoming> incoming, Handshake& handshake) {
  const std::string with = "handshake with " + incoming->remote().to_string();
  try {
    Task<Link> upgrading = incoming->upgrade();
    Link link =
        co_await within(system_.clock, limits_.handshake_timeout, std::move(upgrading), with);
    handshake.link.emplace(std::move(link));
  } catch (const Error& error) {
    context_.failures.add(FailureCounts::Stage::handshake, error.code());
    throw;
  }
}

void Swarm::check_admitted(const PeerId& peer) const {
  if (!admits_ || admits_(peer)) return;
  throw Error(ErrorCode::refused, "this node does not admit this peer", peer.to_string());
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
  watch_buffers(connection);
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
    if (bad) penalise(connection);
  } catch (const boost::system::system_error&) {
    // The node stops; what follows happens all the same.
  }
  for (ConnectionObserver* observer : observers_) observer->disconnected(connection);
  peers_.unpin(connection.peer());
  connection.muxer().when_buffering({});
  connection.muxer().bound_promises({});
  const Buffers held = buffers_[connection.id()];
  buffered_ -= held.unread;
  promised_ -= held.promised;
  buffers_.erase(connection.id());
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

void Swarm::watch_buffers(Connection& connection) {
  Connection* const watched = &connection;
  buffers_[connection.id()] = {};
  connection.muxer().when_buffering([this, watched] { count_buffers(*watched); });
  // No more than half of what is left, so that whoever comes later finds something, too.
  connection.muxer().bound_promises([this, watched] {
    const std::size_t most = limits_.buffered_bytes / 4 * 3;
    const std::size_t own = buffers_[watched->id()].promised;
    const std::size_t others = promised_ - own;
    const std::size_t share = most > others ? (most - others) / 2 : 0;
    return share > own ? share - own : 0;
  });
}

void Swarm::count_buffers(Connection& connection) {
  Buffers& known = buffers_[connection.id()];
  const Buffers now{.unread = connection.buffered_bytes(), .promised = connection.promised_bytes()};
  buffered_ = buffered_ - known.unread + now.unread;
  promised_ = promised_ - known.promised + now.promised;
  known = now;
  if (buffered_ <= limits_.buffered_bytes || std::exchange(ending_greediest_, true)) return;
  tasks_.spawn(end_the_greediest());
}

Task<void> Swarm::end_the_greediest() {
  ending_greediest_ = false;
  std::vector<Connection*> greediest = connections_.all();
  std::erase_if(greediest, &Connection::closed);
  const auto rank = [this](const Connection* connection) {
    return std::pair(context_.toll.expects(connection->peer()) ? 0 : 1,
                     connection->buffered_bytes());
  };
  std::ranges::stable_sort(greediest, std::greater<>{}, rank);
  std::size_t total = 0;
  for (const Connection* connection : greediest) total += connection->buffered_bytes();
  for (Connection* connection : greediest) {
    if (total <= limits_.buffered_bytes) break;
    total -= connection->buffered_bytes();
    disconnect(*connection, "too many bytes that nobody reads");
  }
  co_return;
}

Task<void> Swarm::stop() {
  co_await tasks_.stop();
  co_await trimmer_.stop();
  listeners_.clear();
  for (Connection* connection : connections_.all()) connection->shutdown();
  co_await connection_tasks_.join_through();
  co_await connections_.wait_until_freed();
}

}  // namespace shoal::net
