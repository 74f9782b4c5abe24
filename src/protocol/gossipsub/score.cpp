#include "protocol/gossipsub/score.h"

#include <algorithm>
#include <utility>

namespace shoal::gossipsub {

namespace {

double square(double value) {
  return value * value;
}

void fade(double& counter, double factor, double to_zero) {
  counter *= factor;
  if (counter < to_zero) counter = 0;
}

}  // namespace

const TopicScoreParameters& PeerScore::topic(const std::string& name) const {
  const auto found = parameters_.topics.find(name);
  return found == parameters_.topics.end() ? parameters_.other_topics : found->second;
}

void PeerScore::connected(const PeerId& peer, std::optional<IpAddress> prefix) {
  if (!parameters_.enabled) return;
  const auto [found, fresh] = peers_.try_emplace(peer);
  PeerStats& stats = found->second;
  if (!fresh && !stats.connected) {
    std::erase_if(retained_, [&](const auto& entry) { return entry.second == peer; });
  }
  stats.connected = true;
  set_prefix(stats, prefix);
}

void PeerScore::set_prefix(PeerStats& peer, std::optional<IpAddress> prefix) {
  if (peer.prefix) {
    const auto old = by_prefix_.find(*peer.prefix);
    if (--old->second == 0) by_prefix_.erase(old);
  }
  peer.prefix = prefix;
  if (prefix) ++by_prefix_[*prefix];
}

void PeerScore::disconnected(const PeerId& peer, TimePoint now) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || !found->second.connected) return;
  if (score(peer) > 0) {
    forget(found);
    return;
  }
  PeerStats& stats = found->second;
  for (auto& [name, topic] : stats.topics) {
    topic.first_deliveries = 0;
    if (topic.in_mesh) note_mesh_failure(name, topic);
    topic.in_mesh = false;
  }
  stats.connected = false;
  stats.expires = now + parameters_.retain;
  retained_.emplace(stats.expires, peer);
  if (retained_.size() > kMaxRetained) {
    const PeerId first = retained_.begin()->second;
    retained_.erase(retained_.begin());
    forget(peers_.find(first));
  }
}

void PeerScore::forget(Peers::iterator peer) {
  set_prefix(peer->second, std::nullopt);
  peers_.erase(peer);
}

void PeerScore::forget_expired(TimePoint now) {
  while (!retained_.empty() && retained_.begin()->first <= now) {
    const PeerId peer = retained_.begin()->second;
    retained_.erase(retained_.begin());
    forget(peers_.find(peer));
  }
}

double PeerScore::score(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return 0;
  const PeerStats& stats = found->second;
  double total = 0;
  for (const auto& [name, topic] : stats.topics) total += topic_score(name, topic);
  if (parameters_.topic_score_cap > 0) total = std::min(total, parameters_.topic_score_cap);
  total += stats.application * parameters_.application_weight;
  total += colocation(stats) * parameters_.colocation_weight;
  const double excess = stats.behaviour - parameters_.behaviour_threshold;
  if (excess > 0) total += square(excess) * parameters_.behaviour_weight;
  return total;
}

double PeerScore::topic_score(const std::string& name, const TopicStats& stats) const {
  const TopicScoreParameters& rules = topic(name);
  double out = 0;
  if (stats.in_mesh) {
    const auto quanta = static_cast<double>(stats.mesh_time / rules.time_in_mesh_quantum);
    out += std::min(quanta, rules.time_in_mesh_cap) * rules.time_in_mesh_weight;
  }
  out += stats.first_deliveries * rules.first_deliveries_weight;
  const double deficit = rules.mesh_deliveries_threshold - stats.mesh_deliveries;
  if (stats.deliveries_active && deficit > 0) out += square(deficit) * rules.mesh_deliveries_weight;
  out += stats.mesh_failure * rules.mesh_failure_weight;
  out += square(stats.invalid_messages) * rules.invalid_messages_weight;
  return out * rules.topic_weight;
}

double PeerScore::colocation(const PeerStats& peer) const {
  if (!peer.prefix) return 0;
  const std::size_t there = by_prefix_.at(*peer.prefix);
  if (there <= parameters_.colocation_threshold) return 0;
  return square(static_cast<double>(there - parameters_.colocation_threshold));
}

PeerScore::TopicStats* PeerScore::stats(const PeerId& peer, const std::string& topic) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return nullptr;
  return &found->second.topics[topic];
}

void PeerScore::grafted(const PeerId& peer, const std::string& topic, TimePoint now) {
  TopicStats* found = stats(peer, topic);
  if (found == nullptr) return;
  found->in_mesh = true;
  found->grafted_at = now;
  found->mesh_time = 0s;
  found->deliveries_active = false;
}

void PeerScore::pruned(const PeerId& peer, const std::string& topic) {
  TopicStats* found = stats(peer, topic);
  if (found == nullptr) return;
  note_mesh_failure(topic, *found);
  found->in_mesh = false;
}

void PeerScore::note_mesh_failure(const std::string& name, TopicStats& stats) const {
  const double deficit = topic(name).mesh_deliveries_threshold - stats.mesh_deliveries;
  if (stats.deliveries_active && deficit > 0) stats.mesh_failure += square(deficit);
  // Counted once: P3 ends with the time in the mesh.
  stats.deliveries_active = false;
}

void PeerScore::first_delivery(const PeerId& peer, const std::string& topic_name) {
  TopicStats* found = stats(peer, topic_name);
  if (found == nullptr) return;
  const double cap = topic(topic_name).first_deliveries_cap;
  found->first_deliveries = std::min(found->first_deliveries + 1, cap);
  near_first_delivery(peer, topic_name);
}

void PeerScore::near_first_delivery(const PeerId& peer, const std::string& topic_name) {
  TopicStats* found = stats(peer, topic_name);
  if (found == nullptr || !found->in_mesh) return;
  const double cap = topic(topic_name).mesh_deliveries_cap;
  found->mesh_deliveries = std::min(found->mesh_deliveries + 1, cap);
}

void PeerScore::invalid_message(const PeerId& peer, const std::string& topic) {
  if (TopicStats* found = stats(peer, topic)) found->invalid_messages += 1;
}

void PeerScore::penalise(const PeerId& peer, double count) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) found->second.behaviour += count;
}

void PeerScore::set_application_score(const PeerId& peer, double score) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) found->second.application = score;
}

void PeerScore::decay(TimePoint now) {
  forget_expired(now);
  if (!decayed_at_) decayed_at_ = now;
  if (now - *decayed_at_ < parameters_.decay_interval) return;
  decayed_at_ = now;
  for (auto& [peer, stats] : peers_) {
    // A peer that left keeps its score, so that it gains nothing by leaving.
    if (stats.connected) decay_peer(stats, now);
  }
}

void PeerScore::decay_peer(PeerStats& peer, TimePoint now) {
  for (auto& [name, stats] : peer.topics) decay_topic(topic(name), stats, now);
  // A node may pass through many topics while a peer stays connected.
  std::erase_if(peer.topics, [](const auto& entry) { return entry.second.is_blank(); });
  fade(peer.behaviour, parameters_.behaviour_decay, parameters_.decay_to_zero);
}

void PeerScore::decay_topic(const TopicScoreParameters& rules, TopicStats& stats,
                            TimePoint now) const {
  const double zero = parameters_.decay_to_zero;
  fade(stats.first_deliveries, rules.first_deliveries_decay, zero);
  fade(stats.mesh_deliveries, rules.mesh_deliveries_decay, zero);
  fade(stats.mesh_failure, rules.mesh_failure_decay, zero);
  fade(stats.invalid_messages, rules.invalid_messages_decay, zero);
  if (!stats.in_mesh) return;
  stats.mesh_time = now - stats.grafted_at;
  if (stats.mesh_time > rules.mesh_deliveries_activation) stats.deliveries_active = true;
}

std::size_t PeerScore::topics_of(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? 0 : found->second.topics.size();
}

}  // namespace shoal::gossipsub
