#include "protocol/autonat/server.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "net/framing.h"
#include "net/negotiation/negotiate.h"
#include "net/path.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::autonat {

namespace {

/// Messages that the bytes of a dial's price may come in.
constexpr std::size_t kMaxDataMessages = 2048;

bool is_public(const IpAddress& ip) {
  return !ip.is_private() && !ip.is_loopback() && !ip.is_link_local() && !ip.is_multicast() &&
         !ip.is_unspecified();
}

Task<Bytes> next_part(System& system, Stream& stream) {
  Task<std::optional<Bytes>> reading = net::read_message(stream, kMaxMessageBytes);
  auto message = co_await within(system.clock, kMessageTimeout, std::move(reading), "AutoNAT");
  if (!message) throw Error(ErrorCode::closed, "the stream ended before an AutoNAT message");
  co_return std::move(*message);
}

Task<void> run_quietly(net::Muxer& muxer) {
  try {
    co_await muxer.run();
  } catch (const Error&) {
    // The dial-back has ended by itself, or fails at its stream.
  }
}

/// Says the nonce on a stream of the new connection, and waits until it was heard.
Task<void> say_nonce(System& system, net::Muxer& muxer, std::uint64_t nonce) {
  const auto stream = net::negotiate_lazily(muxer.open(), kDialBackProtocol);
  const Bytes message = encode_dial_back(nonce);
  co_await net::write_message(*stream, message);
  co_await stream->close_write();
  Task<std::optional<Bytes>> reading = net::read_message(*stream, kMaxMessageBytes);
  co_await within(system.clock, kMessageTimeout, std::move(reading), "AutoNAT");
}

}  // namespace

/// Of a request that is being answered.
class Server::Place {
 public:
  Place(Server& server, PeerId peer) : server_(server), peer_(std::move(peer)) {
    ++server_.running_[peer_];
  }
  ~Place() {
    if (--server_.running_[peer_] == 0) server_.running_.erase(peer_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Server& server_;
  const PeerId peer_;
};

Server::Server(System& system, net::Swarm& swarm,
               std::vector<std::unique_ptr<net::Transport>> transports)
    : system_(system), swarm_(swarm), transports_(std::move(transports)) {
  swarm_.protocols().add(kDialRequestProtocol,
                         [this](net::ProtocolStream stream) { return answer(std::move(stream)); });
}

Task<void> Server::answer(net::ProtocolStream stream) {
  const Bytes bytes = co_await next_part(system_, *stream.stream);
  const Message message = decode(bytes);
  const auto* const request = std::get_if<DialRequest>(&message);
  if (request == nullptr) throw Error(ErrorCode::malformed, "AutoNAT: no request to dial");
  const net::Connection* const connection = swarm_.find(stream.connection);
  if (connection == nullptr) co_return;
  const Multiaddr seen_at = connection->remote();
  DialResponse response{.status = ResponseStatus::request_rejected};
  if (admits(stream.peer)) {
    const Place place(*this, stream.peer);
    response = co_await respond(*stream.stream, stream.peer, *request, seen_at);
  }
  const Bytes encoded = encode(response);
  co_await net::write_message(*stream.stream, encoded);
  co_await stream.stream->close_write();
}

Task<void> Server::stop() {
  for (const auto& transport : transports_) co_await transport->stop();
}

bool Server::admits(const PeerId& peer) {
  if (running_.size() >= kMaxAtOnce || running_.contains(peer)) return false;
  if (rates_.size() >= kMaxPeers && !rates_.contains(peer)) rates_.clear();
  const auto now = system_.clock.now().time_since_epoch();
  auto& own = rates_.try_emplace(peer, kPeerBurst, kPeerPerSecond).first->second;
  return own.take(now) && rate_.take(now);
}

Task<DialResponse> Server::respond(Stream& stream, const PeerId& peer, const DialRequest& request,
                                   const Multiaddr& seen_at) {
  const std::optional<Target> target = choose(request, seen_at);
  if (!target) co_return DialResponse{.status = ResponseStatus::dial_refused};
  if (target->address.ip() != seen_at.ip()) co_await collect_data(stream, target->index);
  const DialStatus status = co_await dial_back(target->address, peer, request.nonce);
  co_return DialResponse{
      .status = ResponseStatus::ok, .address_index = target->index, .dial_status = status};
}

std::optional<Server::Target> Server::choose(const DialRequest& request,
                                             const Multiaddr& seen_at) const {
  for (std::uint32_t index = 0; index < request.addresses.size(); ++index) {
    try {
      const Multiaddr address = Multiaddr::decode(request.addresses[index]).without_peer();
      const auto ip = address.ip();
      const bool allowed = ip && (is_public(*ip) || ip == seen_at.ip());
      if (!allowed || net::path_of(address) == net::Path::relay) continue;
      if (transport_for(address) != nullptr) return Target{address, index};
    } catch (const Error&) {
      // No address that we know.
    }
  }
  return std::nullopt;
}

net::Transport* Server::transport_for(const Multiaddr& address) const {
  for (const auto& each : transports_) {
    if (each->handles(address)) return each.get();
  }
  return nullptr;
}

Task<void> Server::collect_data(Stream& stream, std::uint32_t index) {
  const std::uint64_t wanted = kMinDialData + system_.random.below(kMaxDialData - kMinDialData + 1);
  const Bytes request = encode(DialDataRequest{.address_index = index, .bytes = wanted});
  co_await net::write_message(stream, request);
  std::uint64_t got = 0;
  for (std::size_t messages = 0; got < wanted; ++messages) {
    if (messages == kMaxDataMessages)
      throw Error(ErrorCode::limit, "AutoNAT: the data comes in too many messages");
    const Bytes bytes = co_await next_part(system_, stream);
    const Message message = decode(bytes);
    const auto* const part = std::get_if<DialDataResponse>(&message);
    if (part == nullptr) throw Error(ErrorCode::malformed, "AutoNAT: data is missing");
    got += part->data.size();
  }
}

Task<DialStatus> Server::dial_back(Multiaddr address, PeerId peer, std::uint64_t nonce) {
  net::Transport* const transport = transport_for(address);
  std::optional<net::Link> link;
  try {
    Task<net::Link> dialling = transport->dial(address, peer, {});
    link.emplace(co_await within(system_.clock, kDialTimeout, std::move(dialling), "AutoNAT"));
  } catch (const Error& error) {
    log_debug("AutoNAT: {} cannot be reached at {}: {}", peer.to_string(), address.to_string(),
              error.what());
    co_return DialStatus::dial_error;
  }
  net::Muxer& muxer = *link->muxer;
  TaskGroup running(system_.waits, "dial-back");
  running.spawn(run_quietly(muxer));
  DialStatus status = DialStatus::ok;
  std::exception_ptr cancelled;
  try {
    co_await say_nonce(system_, muxer, nonce);
  } catch (const Error&) {
    status = DialStatus::dial_back_error;
  } catch (...) {
    cancelled = std::current_exception();
  }
  muxer.close();
  co_await running.stop();
  if (cancelled) std::rethrow_exception(cancelled);
  co_return status;
}

}  // namespace shoal::autonat
