#include "service/tunnel_connector.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {

constexpr const char* kConnectorProtection = "tunnel";
constexpr Duration kAddressLifetime = 24h;
/// Times that a connection which has carried nothing is opened anew.
constexpr int kOpenAttempts = 3;

}  // namespace

/// Counts a connection while it lasts.
class TunnelConnector::Counted {
 public:
  explicit Counted(TunnelConnector& connector) : connector_(connector) {
    ++connector_.connections_;
  }
  ~Counted() {
    --connector_.connections_;
    connector_.changed_.notify_all();
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  TunnelConnector& connector_;
};

TunnelConnector::TunnelConnector(System& system, net::Swarm& swarm, routing::Routing& routing,
                                 TunnelTicket ticket, Callbacks callbacks)
    : system_(system),
      swarm_(swarm),
      routing_(routing),
      ticket_(std::move(ticket)),
      callbacks_(std::move(callbacks)),
      solicited_(swarm.solicit(ticket_.peer)),
      heartbeat_(system, swarm, ticket_.peer),
      opened_(system.waits),
      changed_(system.waits),
      tasks_(system.waits, "tunnel") {
  swarm_.add_observer(*this);
}

TunnelConnector::~TunnelConnector() {
  swarm_.remove_observer(*this);
}

void TunnelConnector::connected(net::Connection& connection) {
  if (connection.peer() == ticket_.peer) changed_.notify_all();
}

void TunnelConnector::disconnected(net::Connection& connection) {
  if (connection.peer() == ticket_.peer) changed_.notify_all();
}

Task<void> TunnelConnector::connect() {
  swarm_.manager().protect(ticket_.peer, kConnectorProtection);
  co_await reach();
  note_connected();
  tasks_.spawn(stay_connected());
}

Task<void> TunnelConnector::reach() {
  for (const Multiaddr& address : ticket_.addresses) {
    swarm_.peers().add_address(ticket_.peer, address, net::AddressSource::given_by_user,
                               kAddressLifetime);
  }
  co_await within(system_.clock, kReachTimeout, find_way(), "connecting");
  co_await wait_for_direct_way();
  co_await within(system_.clock, kReachTimeout, ask_whether_allowed(), "asking to be let in");
}

std::optional<net::Path> TunnelConnector::path_now() {
  const net::Connection* connection = swarm_.best(ticket_.peer);
  if (connection == nullptr) return std::nullopt;
  return connection->path();
}

Task<void> TunnelConnector::wait_for_direct_way() {
  const TimePoint end = system_.clock.now() + kPunchPatience;
  while (path_now() == net::Path::relay && system_.clock.now() < end) {
    co_await changed_.wait_until(system_.clock, end);
  }
}

void TunnelConnector::tell_if_moved() {
  const std::optional<net::Path> now = path_now();
  if (!now || *now == path_) return;
  callbacks_.moved(std::exchange(path_, *now), *now);
}

/// By what is known, else by what is found: the peer may have moved since.
Task<void> TunnelConnector::find_way() {
  if (swarm_.best(ticket_.peer) != nullptr) co_return;
  std::optional<Error> failure;
  try {
    co_await swarm_.connect(ticket_.peer);
    co_return;
  } catch (const Error& error) {
    failure = error;
  }
  try {
    co_await within(system_.clock, kSearchTimeout, routing_.find_peer(ticket_.peer), "searching");
    co_await swarm_.connect(ticket_.peer);
  } catch (const Error& error) {
    log_debug("tunnel: {}", error.what());
    throw *failure;
  }
}

Task<void> TunnelConnector::ask_whether_allowed() {
  const std::unique_ptr<Stream> stream = co_await open(true);
  try {
    co_await tunnel::read_answer(*stream);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::unsupported) {
      throw Error(ErrorCode::refused, "the peer exposes no tunnel now", ticket_.peer.to_string(),
                  "`shoal expose` has to run there");
    }
    if (error.code() != ErrorCode::refused) throw;
    throw Error(ErrorCode::refused, "the peer does not let us in", ticket_.peer.to_string(),
                "is '" + ticket_.name +
                    "' still exposed there, with this ticket or to this peer (" +
                    swarm_.local_peer().to_string() + ")?");
  }
  co_await stream->close_write();
}

void TunnelConnector::note_connected() {
  there_ = true;
  changed_.notify_all();
  path_ = path_now().value_or(net::Path::direct);
  callbacks_.connected(path_);
}

Task<void> TunnelConnector::stay_connected() {
  Duration pause = kFirstPause;
  std::string told;
  while (true) {
    if (there_) {
      told = co_await wait_until_lost();
      there_ = false;
      callbacks_.lost(told);
      pause = kFirstPause;
    }
    try {
      co_await reach();
      note_connected();
      continue;
    } catch (const Error& error) {
      log_info("tunnel: {}", error.what());
      if (error.code() == ErrorCode::refused && told != error.message()) {
        told = error.message();
        callbacks_.lost(told);
      }
    }
    co_await system_.clock.sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

/// Returns why.
Task<std::string> TunnelConnector::wait_until_lost() {
  TimePoint next = system_.clock.now() + TunnelHeartbeat::kInterval;
  while (true) {
    if (swarm_.best(ticket_.peer) == nullptr) co_return "the connection ended";
    tell_if_moved();
    const bool changed = co_await changed_.wait_until(system_.clock, next);
    if (changed) continue;
    const bool alive = co_await heartbeat_.beat();
    if (!alive) co_return "the peer does not answer any more";
    next = system_.clock.now() + TunnelHeartbeat::kInterval;
  }
}

Endpoint TunnelConnector::listen(Endpoint local) {
  if (ticket_.datagrams) {
    datagrams_.emplace_back(
        system_, local, [this] { return open_when_there(); }, [this] { heartbeat_.heard(); },
        callbacks_.failed);
    return datagrams_.back().local();
  }
  listeners_.push_back(system_.network.listen(local));
  tasks_.spawn(accept(*listeners_.back()));
  return listeners_.back()->local();
}

Task<void> TunnelConnector::accept(Listener& listener) {
  while (true) {
    while (connections_ >= kMaxConnections) co_await changed_.wait();
    std::unique_ptr<Stream> local;
    try {
      local = co_await listener.accept();
    } catch (const Error& error) {
      log_warning("tunnel: {}", error.what());
      continue;
    }
    auto counted = std::make_unique<Counted>(*this);
    tasks_.spawn(carry_and_tell(std::move(local), std::move(counted)));
  }
}

Task<void> TunnelConnector::carry_and_tell(std::unique_ptr<Stream> local,
                                           std::unique_ptr<Counted>) {
  try {
    co_await carry_counted(std::move(local));
  } catch (const Error& error) {
    callbacks_.failed(error);
  }
}

Task<void> TunnelConnector::carry(std::unique_ptr<Stream> local) {
  if (ticket_.datagrams) {
    throw Error(ErrorCode::usage, "this tunnel carries datagrams, and needs a port", ticket_.name);
  }
  const Counted counted(*this);
  co_await carry_counted(std::move(local));
}

Task<void> TunnelConnector::carry_counted(std::unique_ptr<Stream> local) {
  std::unique_ptr<Stream> remote = co_await open_when_there();  // else `local` is aborted
  tunnel::Pipe pipe(system_, pool_, std::move(local), std::move(remote),
                    [this] { heartbeat_.heard(); });
  co_await pipe.run_unanswered();
}

Task<std::unique_ptr<Stream>> TunnelConnector::open_when_there() {
  for (int attempt = 1;; ++attempt) {
    co_await within(system_.clock, kAwayPatience, wait_until_there(),
                    "for " + ticket_.peer.to_string() + " to come back");
    try {
      std::unique_ptr<Stream> stream = co_await open(false);
      co_return stream;
    } catch (const Error& error) {
      const bool lost = error.code() == ErrorCode::closed || error.code() == ErrorCode::limit ||
                        error.code() == ErrorCode::unreachable;
      if (!lost || attempt == kOpenAttempts) throw;
    }
    co_await system_.clock.sleep_for(kFirstPause);
  }
}

Task<void> TunnelConnector::wait_until_there() {
  while (!there_) co_await changed_.wait();
}

/// One at a time: a muxer lets few streams wait for the other side to take them, and those who wait
/// for that together would all begin at once.
Task<std::unique_ptr<Stream>> TunnelConnector::open(bool probe) {
  while (opening_) co_await opened_.wait();
  opening_ = true;
  std::unique_ptr<Stream> stream;
  std::exception_ptr failure;
  try {
    stream = co_await open_now(probe);
  } catch (...) {
    failure = std::current_exception();
  }
  opening_ = false;
  opened_.notify_one();
  if (failure) std::rethrow_exception(failure);
  co_return stream;
}

Task<std::unique_ptr<Stream>> TunnelConnector::open_now(bool probe) {
  net::ProtocolStream opened = co_await swarm_.open(ticket_.peer, {tunnel::kProtocol});
  tunnel::Open message{.name = ticket_.name, .probe = probe, .datagrams = ticket_.datagrams};
  if (!ticket_.secret.empty()) {
    message.proof = tunnel::prove(ticket_.secret, ticket_.peer, swarm_.local_peer(), ticket_.name);
  }
  const Bytes encoded = message.encode();
  co_await net::write_message(*opened.stream, encoded);
  co_return std::move(opened.stream);
}

Task<void> TunnelConnector::stop() {
  for (DatagramServer& server : datagrams_) co_await server.stop();
  co_await tasks_.stop();
  listeners_.clear();
  datagrams_.clear();
  swarm_.manager().unprotect(ticket_.peer, kConnectorProtection);
}

}  // namespace shoal::service
