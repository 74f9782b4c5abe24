#include "lab/light_node.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "lab/light_net.h"

namespace shoal::lab {

namespace {

constexpr std::size_t kRefreshTries = 1 << 18;
constexpr Duration kTryAgainLimit = 10s;

}  // namespace

LightNode::LightNode(LightNet& net, std::uint32_t index)
    : net_(net),
      index_(index),
      table_(net.key(index), net.limits()),
      values_(validators_),
      server_(
          net.id(index), {.table = table_, .providers = providers_, .values = values_},
          [this](const PeerId& peer) { return addresses(peer); }, net.system().random,
          kad::Server::Scope::public_network),
      policy_(kad::Scope::internet, false),
      context_{.system = net.system(),
               .rpc = *this,
               .table = *this,
               .round_trips = round_trips_,
               .self = net.id(index),
               .network_size = &network_size_},
      finder_(context_),
      publisher_(context_, [this] { return std::vector<Multiaddr>{multiaddr()}; }) {}

Multiaddr LightNode::multiaddr() const {
  return net_.multiaddr(index_);
}

Task<void> LightNode::stop() {
  if (reprovider_) co_await reprovider_->stop();
  co_await publisher_.stop();
}

kad::Reprovider& LightNode::reprovider() {
  if (reprovider_) return *reprovider_;
  reprovider_.emplace(context_, publisher_);
  reprovider_->start();
  return *reprovider_;
}

void LightNode::meet(std::uint32_t other) {
  table_.offer(net_.id(other), kad::IpGroup::of(net_.address(other)), net_.world().now());
}

Task<kad::Closest> LightNode::find_closest(Bytes wire_key) {
  return finder_.find_closest(std::move(wire_key));
}

Task<std::vector<PeerId>> LightNode::find_providers(Multihash content, std::size_t enough) {
  std::vector<PeerId> out;
  const auto take = [&out](const kad::PeerInfo& peer) { out.push_back(peer.id); };
  co_await finder_.find_providers(content, take, enough);
  co_return out;
}

Task<void> LightNode::look_up(Bytes wire_key) {
  const kad::Key target = kad::Key::of(wire_key);
  const kad::Closest closest = co_await finder_.find_closest(std::move(wire_key));
  table_.looked_up(target, net_.world().now());
  const std::size_t count = std::min(closest.peers.size(), kad::kReplication);
  network_size_.observe(target, std::span(closest.peers).first(count));
}

Task<void> LightNode::measure_network(std::size_t lookups) {
  for (std::size_t i = 0; i < lookups; ++i) co_await look_up(net_.random().bytes(32));
}

Task<void> LightNode::keep_up() {
  for (kad::PeerInfo& peer : lost_.due(net_.world().now())) co_await try_again(std::move(peer));
  const bool rejoined = std::exchange(found_again_, 0) > 0;
  const bool due = rejoined || !table_.stale(net_.world().now()).empty();
  if (!due) co_return;
  co_await look_up(to_bytes(context_.self.encoded()));
  for (const std::size_t prefix : table_.stale(net_.world().now())) {
    const auto target =
        kad::random_peer_in(table_.self(), prefix, net_.system().random, kRefreshTries);
    if (target) co_await look_up(to_bytes(target->encoded()));
  }
}

Task<void> LightNode::try_again(kad::PeerInfo peer) {
  learn(peer);
  kad::Message self;
  self.type = kad::MessageType::find_node;
  self.key = to_bytes(context_.self.encoded());
  std::vector<kad::Message> messages = {self};
  try {
    const kad::Answer answer = co_await ask(peer.id, std::move(messages), kTryAgainLimit);
    answered(peer.id, answer.took);
  } catch (const Error&) {
    // Still lost.
  }
}

std::optional<std::uint32_t> LightNode::reachable(const PeerId& peer) const {
  const auto index = net_.find(peer);
  if (!index || !net_.reaches(index_, *index) || !knows_address(peer, *index)) return std::nullopt;
  return index;
}

bool LightNode::knows_address(const PeerId& peer, std::uint32_t index) const {
  if (table_.find(peer) != nullptr || connected(peer)) return true;
  const auto found = learned_.find(peer);
  if (found == learned_.end()) return false;
  const Multiaddr& real = net_.multiaddr(index);
  return std::ranges::find(found->second, real) != found->second.end();
}

Task<kad::Answer> LightNode::ask(PeerId peer, std::vector<kad::Message> messages,
                                 Duration deadline) {
  Clock& clock = net_.system().clock;
  const TimePoint begin = clock.now();
  const TimePoint end = begin + deadline;
  const kad::Contact contact = connected(peer) ? kad::Contact::connected : kad::Contact::dialled;
  ++asked_;
  std::optional<kad::Message> answer;
  if (const auto there = reachable(peer)) {
    const Duration round_trip = net_.round_trip(index_, *there);
    const Duration dial =
        contact == kad::Contact::dialled ? net_.dial_round_trips() * round_trip : 0ns;
    co_await clock.sleep_until(std::min(end, begin + dial + round_trip / 2));
    // It may have gone meanwhile.
    if (clock.now() < end && net_.reaches(index_, *there)) {
      LightNode& other = net_.node(*there);
      for (const kad::Message& message : messages) answer = other.serve(message, *this);
      connect(*there);
      other.connect(index_);
      if (answer) co_await clock.sleep_until(std::min(end, clock.now() + round_trip / 2));
    }
  }
  if (!answer || clock.now() >= end) {
    co_await clock.sleep_until(end);
    if (const auto index = net_.find(peer)) std::erase(connected_, *index);
    throw Error(ErrorCode::timeout, "no answer", peer.to_string());
  }
  co_return kad::Answer{
      .message = std::move(*answer), .took = clock.now() - begin, .contact = contact};
}

/// A request that the server refuses ends the stream: the same as an error at who asked.
std::optional<kad::Message> LightNode::serve(const kad::Message& request, LightNode& from) {
  ++served_;
  if (from.is_server_) hear_of(from.index_);
  if (answering_) return answering_(request, from);
  const TimePoint now = net_.world().now();
  server_.admit(from.id(), now);
  return server_.answer(request, from.id(), from.multiaddr(), now);
}

void LightNode::hear_of(std::uint32_t other) {
  if (lost_.found(net_.id(other))) ++found_again_;
  meet(other);
}

void LightNode::connect(std::uint32_t other) {
  if (std::ranges::find(connected_, other) != connected_.end()) return;
  if (connected_.size() == kMaxConnected) connected_.pop_front();
  connected_.push_back(other);
}

bool LightNode::connected(const PeerId& peer) const {
  const auto index = net_.find(peer);
  return index && std::ranges::find(connected_, *index) != connected_.end();
}

std::vector<Multiaddr> LightNode::addresses(const PeerId& peer) const {
  if (peer == context_.self) return {multiaddr()};
  const auto index = net_.find(peer);
  if (!index || (table_.find(peer) == nullptr && !connected(peer))) return {};
  return {net_.multiaddr(*index)};
}

void LightNode::learn(const kad::PeerInfo& peer) {
  if (learned_.size() >= kMaxLearned && !learned_.contains(peer.id)) learned_.clear();
  learned_[peer.id] = usable(peer.addresses);
}

std::vector<Multiaddr> LightNode::usable(const std::vector<Multiaddr>& addresses) const {
  return policy_.allowed(addresses);
}

std::vector<PeerId> LightNode::closest(const kad::Key& target, std::size_t count) const {
  std::vector<PeerId> out;
  for (const auto& entry : table_.closest(target, count)) out.push_back(entry.id);
  return out;
}

void LightNode::answered(const PeerId& peer, Duration round_trip) {
  const auto index = net_.find(peer);
  if (!index) return;
  hear_of(*index);
  table_.useful(peer, round_trip, net_.world().now());
}

void LightNode::failed(const PeerId& peer) {
  const auto* entry = table_.find(peer);
  const auto index = net_.find(peer);
  const bool was_useful = entry != nullptr && entry->last_useful.has_value();
  table_.failed(peer, net_.world().now());
  if (!remembers_lost_ || !was_useful || table_.find(peer) != nullptr || !index) return;
  lost_.lost(peer, {net_.multiaddr(*index)}, net_.world().now());
}

}  // namespace shoal::lab
