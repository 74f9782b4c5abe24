#include "content/bitswap/server.h"

#include <algorithm>
#include <utility>

#include "content/bitswap/server_peer.h"
#include "system/timeout.h"

namespace shoal::content::bitswap {

Server::Server(System& system, net::Swarm& swarm, BlockReader& store)
    : system_(system),
      swarm_(swarm),
      store_(store),
      budget_(system, {.bytes = kBudgetBytes, .bytes_per_peer = kReadAheadBytes}),
      copies_(std::hash<PeerId>{}(swarm.local_peer())),
      queue_(system),
      may_offer_(system.waits),
      tasks_(system.waits, "bitswap server") {}

void Server::receive(const PeerId& from, const Message& message) {
  if (message.wants.empty() && !message.full) return;
  // What arrives after the last connection ended would be kept for ever.
  if (tasks_.stopping() || swarm_.best(from) == nullptr) return;
  const auto found = peers_.find(from);
  const PeerPtr peer = found != peers_.end() ? found->second : start(from);
  if (peer->sharing) credit_givers(*peer, message);
  const auto size_of = [this](const Multihash& hash) { return store_.size(hash); };
  peer->peer_wants.receive(message, size_of, system_.clock.now());
  // Not as soon as it connects: what an earlier life of it wanted, it has called off only now.
  peer->out.leave_worse_connection();
  if (peer->peer_wants.has_blocks()) peer->wanted.notify_all();
  if (peer->peer_wants.has_presences()) peer->sendable.notify_all();
  if (peer->sharing) look_for_offers();
}

void Server::offer(const Multihash& hash) {
  std::optional<std::uint64_t> bytes;
  for (const auto& [id, peer] : peers_) {
    if (!peer->peer_wants.waits_for(hash)) continue;
    if (!bytes) bytes = store_.size(hash);
    if (!bytes) return;
    peer->peer_wants.offer(hash, *bytes);
    if (peer->peer_wants.has_blocks()) peer->wanted.notify_all();
    if (peer->peer_wants.has_presences()) peer->sendable.notify_all();
  }
  look_for_offers();
}

void Server::offer_all() {
  for (const auto& [id, peer] : peers_) {
    for (const Multihash& hash : peer->peer_wants.waiting()) {
      if (const auto bytes = store_.size(hash)) peer->peer_wants.offer(hash, *bytes);
    }
    if (peer->peer_wants.has_blocks()) peer->wanted.notify_all();
    if (peer->peer_wants.has_presences()) peer->sendable.notify_all();
  }
  look_for_offers();
}

Server::PeerPtr Server::start(const PeerId& id) {
  auto peer = std::make_shared<Peer>(system_, swarm_, id);
  peer->number = next_number_++;
  peers_.emplace(id, peer);
  if (sharing_.contains(id)) make_sharing(*peer);
  tasks_.spawn(read_ahead(peer));
  tasks_.spawn(send_all(peer));
  tasks_.spawn(say_beside(peer));
  return peer;
}

void Server::note_sharing(const PeerId& id) {
  if (swarm_.best(id) == nullptr || !sharing_.insert(id).second) return;
  if (const auto peer = peers_.find(id); peer != peers_.end()) make_sharing(*peer->second);
}

bool Server::is_giving() const {
  return std::ranges::any_of(peers_, [](const auto& one) {
    const Peer& peer = *one.second;
    const bool wants = peer.peer_wants.has_blocks() || peer.peer_wants.held() > 0;
    return peer.sharing && (wants || !peer.is_idle());
  });
}

void Server::make_sharing(Peer& peer) {
  peer.sharing = true;
  peer.peer_wants.send_rarest_first([this](const Multihash& hash) { return copies_.of(hash); });
  peer.peer_wants.hold_haves();
  peer.sendable.notify_all();
}

/// In a swarm a block is chosen when it can be sent: until then its receiver may have got it
/// elsewhere, or others may lack it more.
std::size_t Server::read_ahead_bytes(const Peer& peer) const {
  return is_established(peer.id) && !is_swarm() ? kReadAheadBytes : 1;
}

void Server::end(const PeerPtr& peer) {
  if (std::exchange(peer->gone, true)) return;
  peers_.erase(peer->id);
  peer->out.drop();
  peer->beside.drop();
  for (const BatchPtr& batch : peer->ready) forget_copies(*batch);
  if (peer->writing != nullptr) forget_copies(*peer->writing);
  peer->ready.clear();
  peer->wanted.notify_all();
  peer->drained.notify_all();
  peer->sendable.notify_all();
}

void Server::disconnected(const PeerId& from, net::ConnectionId connection, bool was_last) {
  if (was_last) established_.erase(from);
  if (was_last) sharing_.erase(from);
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  const PeerPtr peer = found->second;
  peer->out.disconnected(connection);
  peer->beside.disconnected(connection);
  if (was_last) end(peer);
  look_for_offers();
}

std::size_t Server::Peer::bytes_leaving(const BlockFilter& counted) const {
  if (!counted || writing == nullptr) return leaving;
  std::size_t sum = 0;
  std::size_t rest = leaving;
  for (std::size_t i = 0; rest > 0 && i < writing->cids.size(); ++i) {
    const std::size_t taken = std::min<std::size_t>(rest, writing->sizes[i]);
    if (counted(writing->cids[i].hash())) sum += taken;
    rest -= taken;
  }
  return sum;
}

std::size_t Server::bytes_leaving(const BlockFilter& counted) const {
  std::size_t out = 0;
  for (const auto& [id, peer] : peers_) out += peer->bytes_leaving(counted);
  return out;
}

Task<void> Server::stop() {
  const auto all = peers_;
  for (const auto& [id, peer] : all) end(peer);
  co_await tasks_.stop();
  co_await queue_.stop();
}

bool Server::is_established(const PeerId& peer) const {
  return established_.contains(peer) || swarm_.is_solicited(peer);
}

void Server::credit_givers(const Peer& peer, const Message& message) {
  for (const WantEntry& entry : message.wants) {
    const Multihash& hash = entry.cid.hash();
    const bool lacked = peer.peer_wants.is_queued(hash) || peer.peer_wants.is_held(hash);
    if (!entry.cancel || !lacked) continue;
    const std::optional<std::uint32_t> giver = copies_.only_holder(hash);
    if (!giver || *giver == peer.number) continue;
    const auto found =
        std::ranges::find_if(peers_, [&](const auto& one) { return one.second->number == *giver; });
    if (found != peers_.end()) ++found->second->given;
  }
}

void Server::note_given(const PeerId& id) {
  if (const auto peer = peers_.find(id); peer != peers_.end()) ++peer->second->given;
}

/// Who shares alone has nobody to give to.
bool Server::gives(const Peer& peer) const {
  return peer.gives() || (peer.sharing && sharing_.size() == 1);
}

bool Server::must_wait_for_turn(const Peer& peer, const Batch& batch) const {
  const std::size_t bytes = batch.block_bytes();
  const std::size_t rest = bytes - std::min(batch.written, bytes);
  return is_swarm() && !batch.turn && rest >= kTurnBytes / 4 && !gives(peer);
}

Task<void> Server::wait_for_turn(Batch& batch) {
  const SendQueue::Claim claim{
      .gives = false, .copies = [] { return 0u; }, .bytes = batch.block_bytes() - batch.written};
  try {
    batch.turn = co_await within(system_.clock, kLongestPause, queue_.take(claim), "for a turn");
  } catch (const Error&) {
    // One part goes without.
  }
}

/// While nobody shares what it gets, all are sent to side by side.
Task<std::unique_ptr<SendQueue::Turn>> Server::take_turn(Peer& peer) {
  const bool giving = gives(peer);
  const bool goes_beside = peer.slow && giving;
  if (!is_swarm() || goes_beside || peer.peer_wants.queued_bytes() < kTurnBytes) co_return nullptr;
  const SendQueue::Claim claim{
      .gives = giving,
      .copies = [&peer] { return peer.peer_wants.next_copies(); },
      .bytes = std::min(peer.peer_wants.queued_bytes(), kMessageBlockBytes)};
  std::unique_ptr<SendQueue::Turn> turn = co_await queue_.take(claim);
  co_return turn;
}

}  // namespace shoal::content::bitswap
