#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/error.h"
#include "net/framing.h"
#include "protocol/gossipsub/link.h"
#include "system/timeout.h"

namespace shoal::gossipsub {

namespace {

/// The best protocol that the peer said it speaks; none before it said so.
std::optional<std::string> common_protocol(const net::PeerStore& peers, const PeerId& peer) {
  for (const char* protocol : kProtocols) {
    if (peers.speaks(peer, protocol)) return protocol;
  }
  return std::nullopt;
}

}  // namespace

/// Counts a stream of a peer while it is read, and makes it the one that is.
class Gossipsub::Reading {
 public:
  Reading(Gossipsub& owner, PeerId peer, Stream& stream)
      : owner_(owner), peer_(std::move(peer)), stream_(stream) {
    ++owner_.readers_;
    Stream*& current = owner_.inbound_[peer_];
    if (current != nullptr) current->abort();
    current = &stream_;
  }
  ~Reading() {
    const auto current = owner_.inbound_.find(peer_);
    if (current != owner_.inbound_.end() && current->second == &stream_) {
      owner_.inbound_.erase(current);
    }
    if (--owner_.readers_ == 0) owner_.idle_.notify_all();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  Gossipsub& owner_;
  const PeerId peer_;
  Stream& stream_;
};

void Gossipsub::connected(net::Connection& connection) {
  link_to(connection.peer());
}

void Gossipsub::disconnected(net::Connection& connection) {
  if (swarm_.best(connection.peer()) == nullptr) attempts_.erase(connection.peer());
}

void Gossipsub::peer_identified(const PeerId& peer) {
  link_to(peer);
}

void Gossipsub::link_to(const PeerId& peer) {
  if (const auto protocol = common_protocol(swarm_.peers(), peer)) begin_link(peer, *protocol);
}

void Gossipsub::begin_link(const PeerId& peer, const std::string& protocol) {
  const net::Connection* connection = swarm_.best(peer);
  if (!started_ || stopped_ || connection == nullptr || links_.contains(peer)) return;
  if (attempts_[peer] == kMaxStreamAttempts) return;
  ++attempts_[peer];
  links_.emplace(peer, std::make_unique<Link>(system_, protocol));
  std::optional<IpAddress> prefix = swarm_.ip_prefix_of(peer);
  // The programs of this machine are not accountable for each other.
  if (prefix && prefix->is_loopback()) prefix.reset();
  const bool outbound = connection->direction() == net::Direction::outbound;
  router_.connected(peer, *version_of(protocol), outbound, prefix, system_.clock.now());
  tasks_.spawn(run_link(peer));
  act();
}

Task<void> Gossipsub::run_link(PeerId peer) {
  std::exception_ptr failure;
  try {
    co_await write_to(peer);
  } catch (...) {
    failure = std::current_exception();
  }
  end_link(peer);
  if (!stopped_ && swarm_.best(peer) != nullptr) tasks_.spawn(link_again(peer));
  if (failure) std::rethrow_exception(failure);
}

void Gossipsub::end_link(const PeerId& peer) {
  const auto link = links_.find(peer);
  if (system_.clock.now() - link->second->begun_at >= kStableLink) attempts_.erase(peer);
  counts_.dropped_messages += link->second->outbox.dropped().messages;
  counts_.dropped_gossip += link->second->outbox.dropped().gossip;
  links_.erase(link);
  router_.disconnected(peer, system_.clock.now());
  // The peer says its topics only at the beginning of its stream: it has to open another, too.
  const auto inbound = inbound_.find(peer);
  if (inbound != inbound_.end()) inbound->second->abort();
  act();
}

Task<void> Gossipsub::link_again(PeerId peer) {
  co_await system_.clock.sleep_for(kReopenDelay);
  link_to(peer);
}

Task<void> Gossipsub::write_to(PeerId peer) {
  net::Connection* connection = swarm_.best(peer);
  if (connection == nullptr) co_return;
  Link& link = *links_.at(peer);
  const std::array<std::string, 1> protocols = {link.protocol};
  net::ProtocolStream stream = co_await connection->open(protocols);
  TaskGroup watch(system_.waits, "gossipsub stream to " + peer.short_name());
  watch.spawn(watch_for_end(*stream.stream, peer));
  std::exception_ptr failure;
  try {
    co_await write_all_rpcs(*stream.stream, link);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await watch.stop();
  if (failure) std::rethrow_exception(failure);
}

Task<void> Gossipsub::write_all_rpcs(Stream& stream, Link& link) {
  while (!link.ended) {
    const std::optional<SharedBytes> rpc = link.outbox.pop();
    if (!rpc) {
      co_await link.changed.wait();
      continue;
    }
    Task<void> writing = net::write_message(stream, rpc->view());
    link.writing = true;
    co_await within(system_.clock, kWriteTimeout, std::move(writing), "a gossipsub peer to read");
    link.writing = false;
  }
}

/// Nothing comes back on this stream but its end, and no failure shows while nothing is written.
Task<void> Gossipsub::watch_for_end(Stream& stream, PeerId peer) {
  std::array<std::uint8_t, 1> byte{};
  bool ended = false;
  try {
    ended = co_await stream.read_some(byte) > 0;
  } catch (const Error&) {
    ended = true;
  }
  if (ended) links_.at(peer)->end();
}

Task<void> Gossipsub::read_from(net::ProtocolStream stream) {
  if (stopped_) co_return;
  const Reading reading(*this, stream.peer, *stream.stream);
  begin_link(stream.peer, stream.protocol);
  co_await read_rpcs(*stream.stream, stream.peer);
}

Task<void> Gossipsub::read_rpcs(Stream& stream, PeerId peer) {
  while (true) {
    const auto rpc = co_await net::read_message(stream, router_.parameters().max_rpc_bytes);
    if (!rpc || stopped_) co_return;
    router_.receive(peer, *rpc, system_.clock.now());
    act();
    while (!stopped_ && is_verifying_enough(peer)) co_await verified_.wait();
  }
}

bool Gossipsub::is_verifying_enough(const PeerId& peer) const {
  const auto of_peer = verifying_.find(peer);
  return of_peer != verifying_.end() && of_peer->second.size() >= kMaxVerifying;
}

void Gossipsub::send_control(const PeerId& peer, Rpc rpc) {
  // Before what speaks of them, and longer than other control; those peers take it.
  Rpc manifests;
  manifests.trees.manifests = std::exchange(rpc.trees.manifests, {});
  for (Bytes& piece : encode_rpc(manifests, router_.parameters().max_rpc_bytes)) {
    push(peer, Outbox::Kind::control, SharedBytes(std::move(piece)));
  }
  Rpc gossip;
  gossip.control.ihave = std::exchange(rpc.control.ihave, {});
  const std::size_t max_bytes = std::min(kMaxControlRpcBytes, router_.parameters().max_rpc_bytes);
  for (Bytes& piece : encode_rpc(rpc, max_bytes)) {
    push(peer, Outbox::Kind::control, SharedBytes(std::move(piece)));
  }
  for (Bytes& piece : encode_rpc(gossip, max_bytes)) {
    push(peer, Outbox::Kind::gossip, SharedBytes(std::move(piece)));
  }
}

void Gossipsub::push(const PeerId& peer, Outbox::Kind kind, SharedBytes rpc) {
  const auto found = links_.find(peer);
  if (found == links_.end() || found->second->ended) return;
  Link& link = *found->second;
  if (!link.outbox.push(kind, std::move(rpc))) {
    ++counts_.given_up_peers;
    link.end();
  }
  link.changed.notify_all();
}

}  // namespace shoal::gossipsub
