#include "service/tunnel_exposer.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "net/framing.h"
#include "protocol/tunnel/datagram_pipe.h"
#include "protocol/tunnel/pipe.h"
#include "service/tunnel_datagrams.h"
#include "service/tunnel_heartbeat.h"
#include "system/stream_pair.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {

constexpr const char* kExposerProtection = "tunnel";

Task<void> answer(Stream& stream, tunnel::Answer answer) {
  const Bytes message = answer.encode();
  co_await net::write_message(stream, message);
}

/// The last word on a stream.
Task<void> answer_and_end(Stream& stream, tunnel::Answer last) {
  co_await answer(stream, std::move(last));
  co_await stream.close_write();
}

}  // namespace

/// Handlers belong to their connections and keep it alive, so it outlives the exposer while one
/// runs.
struct TunnelExposer::State : std::enable_shared_from_this<State> {
  State(System& world, net::Swarm& connections)
      : system(world), swarm(connections), tasks(world.waits, "tunnels") {}

  /// A peer that has been let in, while it has connections.
  struct Client {
    Client(State& state, const PeerId& peer)
        : solicited(state.swarm.solicit(peer)), heartbeat(state.system, state.swarm, peer) {}
    std::size_t connections = 0;
    net::IngressLimiter::Solicited solicited;
    TunnelHeartbeat heartbeat;
  };

  /// A stream that has not said yet what it wants.
  class Unauthenticated {
   public:
    Unauthenticated(State& state, const PeerId& peer);
    ~Unauthenticated();
    Unauthenticated(const Unauthenticated&) = delete;
    Unauthenticated& operator=(const Unauthenticated&) = delete;

   private:
    State& state_;
    const PeerId peer_;
  };

  /// One connection, while it is open.
  class Live {
   public:
    Live(State& state, std::shared_ptr<Client> client, std::string name);
    ~Live();
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;
    const std::string& name() const { return name_; }
    Client& client() { return *client_; }
    /// Its service was withdrawn.
    void end();
    /// How what carries it is ended at once.
    void carry_by(std::function<void()> abort) {
      abort_ = std::move(abort);
      if (ended_) abort_();
    }
    bool ended() const { return ended_; }

   private:
    State& state_;
    const std::shared_ptr<Client> client_;
    const std::string name_;
    std::function<void()> abort_{};
    bool ended_ = false;
    std::list<Live*>::iterator place_;
  };

  static Task<void> serve(std::shared_ptr<State> self, net::ProtocolStream stream);
  static Task<void> connect(std::shared_ptr<State> self, net::ProtocolStream stream,
                            ExposedService service);
  static Task<void> connect_datagrams(std::shared_ptr<State> self, net::ProtocolStream stream,
                                      ExposedService service);
  /// The last that is said of a connection that the service does not take.
  Task<void> say_unreachable(Stream& stream, const TunnelEvent& event) const;
  Task<void> say_open(Stream& stream, TunnelEvent& event) const;
  /// Carries an open connection to its end. `traffic` tells what has passed.
  Task<void> carry(TunnelEvent event, Task<void> carrying,
                   std::function<tunnel::Traffic()> traffic) const;
  static Task<std::unique_ptr<Stream>> connect_service(State& self, const ExposedService& service,
                                                       const PeerId& peer);
  Task<tunnel::Open> read_open(Stream& stream, const PeerId& peer);
  const ExposedService* permitted(const PeerId& peer, const tunnel::Open& open) const;
  std::shared_ptr<Client> client_of(const PeerId& peer);
  Task<void> watch(PeerId peer, std::shared_ptr<Client> client);
  bool has_room(const PeerId& peer) const;
  void tell(TunnelEvent event) const {
    if (when_event) when_event(event);
  }
  void tell_refused(const PeerId& peer, const std::string& name, const char* reason) const {
    using enum TunnelEvent::State;
    tell({.peer = peer, .name = name, .state = refused, .reason = reason});
  }

  System& system;
  net::Swarm& swarm;
  std::map<std::string, ExposedService> services;
  std::map<PeerId, std::shared_ptr<Client>> clients;
  std::map<PeerId, std::size_t> unauthenticated;
  std::size_t unauthenticated_all = 0;
  std::list<Live*> live;
  tunnel::WindowPool pool;
  std::function<void(const TunnelEvent&)> when_event;
  TaskGroup tasks;
};

TunnelExposer::State::Unauthenticated::Unauthenticated(State& state, const PeerId& peer)
    : state_(state), peer_(peer) {
  ++state_.unauthenticated[peer_];
  ++state_.unauthenticated_all;
}

TunnelExposer::State::Unauthenticated::~Unauthenticated() {
  const auto entry = state_.unauthenticated.find(peer_);
  if (--entry->second == 0) state_.unauthenticated.erase(entry);
  --state_.unauthenticated_all;
}

TunnelExposer::State::Live::Live(State& state, std::shared_ptr<Client> client, std::string name)
    : state_(state), client_(std::move(client)), name_(std::move(name)) {
  ++client_->connections;
  place_ = state_.live.insert(state_.live.end(), this);
}

TunnelExposer::State::Live::~Live() {
  --client_->connections;
  state_.live.erase(place_);
}

void TunnelExposer::State::Live::end() {
  ended_ = true;
  if (abort_) abort_();
}

Task<tunnel::Open> TunnelExposer::State::read_open(Stream& stream, const PeerId& peer) {
  const auto of_peer = unauthenticated.find(peer);
  const bool crowded =
      (of_peer != unauthenticated.end() && of_peer->second >= kMaxUnauthenticatedPerPeer) ||
      unauthenticated_all >= kMaxUnauthenticated;
  if (crowded && !clients.contains(peer)) {
    throw Error(ErrorCode::refused, "too many tunnels are being opened", peer.to_string());
  }
  const Unauthenticated place(*this, peer);
  const std::optional<Bytes> message =
      co_await within(system.clock, kOpenTimeout,
                      net::read_message(stream, tunnel::kMaxMessageBytes), "a tunnel's name");
  if (!message) throw Error(ErrorCode::closed, "the stream ended before it named a tunnel");
  co_return tunnel::Open::decode(*message);
}

/// Takes as long for a name that there is not.
const ExposedService* TunnelExposer::State::permitted(const PeerId& peer,
                                                      const tunnel::Open& open) const {
  static const Bytes kNoSecret(TunnelTicket::kSecretBytes);
  const auto found = services.find(open.name);
  const ExposedService* service = found == services.end() ? nullptr : &found->second;
  const bool listed =
      service != nullptr && std::ranges::find(service->allowed, peer) != service->allowed.end();
  const bool has_secret = service != nullptr && !service->secret.empty();
  const crypto::Sha256Digest expected =
      tunnel::prove(has_secret ? service->secret : kNoSecret, swarm.local_peer(), peer, open.name);
  const crypto::Sha256Digest given = open.proof.value_or(crypto::Sha256Digest{});
  const bool authentic = crypto::equal_secret(expected, given) && has_secret;
  return listed || authentic ? service : nullptr;
}

std::shared_ptr<TunnelExposer::State::Client> TunnelExposer::State::client_of(const PeerId& peer) {
  std::shared_ptr<Client>& client = clients[peer];
  if (client) return client;
  client = std::make_shared<Client>(*this, peer);
  try {
    swarm.manager().protect(peer, kExposerProtection);
  } catch (const Error& error) {
    log_debug("tunnel: {}", error.what());  // what is solicited is not trimmed either
  }
  tasks.spawn(watch(peer, client));
  return client;
}

/// While the peer has connections. When it is found dead, they break by themselves.
Task<void> TunnelExposer::State::watch(PeerId peer, std::shared_ptr<Client> client) {
  for (bool alive = true; alive;) {
    co_await system.clock.sleep_for(TunnelHeartbeat::kInterval);
    if (client->connections == 0) break;
    alive = co_await client->heartbeat.beat();
  }
  swarm.manager().unprotect(peer, kExposerProtection);
  clients.erase(peer);
}

bool TunnelExposer::State::has_room(const PeerId& peer) const {
  const auto client = clients.find(peer);
  const std::size_t of_peer = client == clients.end() ? 0 : client->second->connections;
  return of_peer < kMaxConnectionsPerPeer && live.size() < kMaxConnections;
}

Task<void> TunnelExposer::State::serve(std::shared_ptr<State> self, net::ProtocolStream stream) {
  if (!self) co_return;
  const tunnel::Open open = co_await self->read_open(*stream.stream, stream.peer);
  const ExposedService* found = self->permitted(stream.peer, open);
  if (found == nullptr) {
    log_warning("tunnel: refused {}, who asked for '{}'", stream.peer.to_string(), open.name);
    self->tell_refused(stream.peer, open.name, "not allowed");
    co_await answer_and_end(*stream.stream, {.status = tunnel::Status::refused});
    // As an error, so that who tries again and again is read more slowly.
    throw Error(ErrorCode::refused, "not allowed", stream.peer.to_string());
  }
  if (!self->has_room(stream.peer)) {
    self->tell_refused(stream.peer, open.name, "too many connections");
    co_await answer_and_end(*stream.stream, {.status = tunnel::Status::busy});
    co_return;
  }
  if (open.probe) {
    co_await answer_and_end(*stream.stream, {.status = tunnel::Status::ok});
    co_return;
  }
  if (open.datagrams != found->target.udp) {
    const char* const kind = found->target.udp ? "datagrams" : "connections";
    co_await answer_and_end(*stream.stream,
                            {.status = tunnel::Status::unreachable,
                             .reason = std::string("this service takes ") + kind + " only"});
    co_return;
  }
  ExposedService service = *found;
  if (open.datagrams) {
    co_await connect_datagrams(self, std::move(stream), std::move(service));
  } else {
    co_await connect(self, std::move(stream), std::move(service));
  }
}

Task<void> TunnelExposer::State::connect(std::shared_ptr<State> self, net::ProtocolStream stream,
                                         ExposedService service) {
  const PeerId peer = stream.peer;
  Live live(*self, self->client_of(peer), service.name);
  TunnelEvent event{.peer = peer, .name = service.name, .state = TunnelEvent::State::refused};
  std::unique_ptr<Stream> local;
  try {
    local = co_await within(self->system.clock, kServiceTimeout,
                            connect_service(*self, service, peer), "connecting");
  } catch (const Error& error) {
    event.reason = "the service does not answer: " + error.message();
    log_warning("tunnel: {} at {} does not answer: {}", service.name, service.target.to_string(),
                error.message());
  }
  if (local == nullptr || live.ended()) {
    co_await self->say_unreachable(*stream.stream, event);
    co_return;
  }
  co_await self->say_open(*stream.stream, event);
  const auto heard = [client = &live.client()] { client->heartbeat.heard(); };
  tunnel::Pipe pipe(self->system, self->pool, std::move(local), std::move(stream.stream), heard);
  live.carry_by([&pipe] { pipe.abort(); });
  Task<void> carrying = pipe.run();
  co_await self->carry(event, std::move(carrying), [&pipe] { return pipe.traffic(); });
}

/// One sender at the other side, which the service sees as a port of its own.
Task<void> TunnelExposer::State::connect_datagrams(std::shared_ptr<State> self,
                                                   net::ProtocolStream stream,
                                                   ExposedService service) {
  const PeerId peer = stream.peer;
  Live live(*self, self->client_of(peer), service.name);
  TunnelEvent event{.peer = peer, .name = service.name, .state = TunnelEvent::State::refused};
  DatagramClient client(self->system);
  try {
    co_await within(self->system.clock, kServiceTimeout, client.open(service.target), "connecting");
  } catch (const Error& error) {
    event.reason = "the service cannot be reached: " + error.message();
    log_warning("tunnel: {} at {}: {}", service.name, service.target.to_string(), error.message());
  }
  if (!event.reason.empty() || live.ended()) {
    co_await self->say_unreachable(*stream.stream, event);
    co_return;
  }
  co_await self->say_open(*stream.stream, event);
  live.carry_by([&client] { client.end(); });
  const auto heard = [from = &live.client()] { from->heartbeat.heard(); };
  Task<void> carrying = client.carry(std::move(stream.stream), heard);
  co_await self->carry(event, std::move(carrying), [&client] { return client.traffic(); });
}

Task<void> TunnelExposer::State::say_unreachable(Stream& stream, const TunnelEvent& event) const {
  tell(event);
  co_await answer_and_end(stream, {.status = tunnel::Status::unreachable, .reason = event.reason});
}

Task<void> TunnelExposer::State::say_open(Stream& stream, TunnelEvent& event) const {
  co_await answer(stream, {.status = tunnel::Status::ok});
  event.state = TunnelEvent::State::open;
  tell(event);
}

Task<void> TunnelExposer::State::carry(TunnelEvent event, Task<void> carrying,
                                       std::function<tunnel::Traffic()> traffic) const {
  std::optional<Error> failure;
  try {
    co_await std::move(carrying);
  } catch (const Error& error) {
    failure = error;
  }
  event.state = TunnelEvent::State::closed;
  event.bytes_in = traffic().from_peer;
  event.bytes_out = traffic().to_peer;
  if (failure) event.reason = failure->message();
  tell(event);
  if (failure && failure->code() == ErrorCode::malformed) throw *failure;
}

Task<std::unique_ptr<Stream>> TunnelExposer::State::connect_service(State& self,
                                                                    const ExposedService& service,
                                                                    const PeerId& peer) {
  if (!service.handler) {
    std::unique_ptr<Stream> stream = co_await connect_to(self.system, service.target);
    co_return stream;
  }
  auto [near_end, far_end] = make_stream_pair(self.system.waits);
  service.handler(peer, std::move(far_end));
  co_return std::move(near_end);
}

TunnelExposer::TunnelExposer(System& system, net::Swarm& swarm)
    : state_(std::make_shared<State>(system, swarm)) {}

TunnelExposer::~TunnelExposer() = default;

void TunnelExposer::add(ExposedService service) {
  State& state = *state_;
  if (!tunnel::is_name(service.name)) {
    throw Error(ErrorCode::usage, "a tunnel cannot be called '" + service.name + "'", {},
                "1 to 63 of a-z, 0-9 and -, as in the name of a host");
  }
  if (state.services.contains(service.name)) {
    throw Error(ErrorCode::exists, "a tunnel of this name is exposed already", service.name);
  }
  if (state.services.size() >= kMaxServices) {
    throw Error(ErrorCode::limit, "too many tunnels are exposed");
  }
  const std::string name = service.name;
  state.services.emplace(name, std::move(service));
  if (state.services.size() > 1) return;
  state.swarm.protocols().add(tunnel::kProtocol,
                              [weak = std::weak_ptr(state_)](net::ProtocolStream stream) {
                                return State::serve(weak.lock(), std::move(stream));
                              });
}

void TunnelExposer::remove(const std::string& name) {
  State& state = *state_;
  if (state.services.erase(name) == 0) return;
  for (State::Live* live : state.live) {
    if (live->name() == name) live->end();
  }
  if (state.services.empty()) state.swarm.protocols().remove(tunnel::kProtocol);
}

void TunnelExposer::when_event(std::function<void(const TunnelEvent&)> callback) {
  state_->when_event = std::move(callback);
}

std::size_t TunnelExposer::connections() const {
  return state_->live.size();
}

Task<void> TunnelExposer::stop() {
  when_event({});
  while (!state_->services.empty()) {
    const std::string name = state_->services.begin()->first;  // which remove() frees there
    remove(name);
  }
  co_await state_->tasks.stop();
}

}  // namespace shoal::service
