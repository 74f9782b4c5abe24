#include "protocol/gossipsub/overlay.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal::gossipsub {

namespace {

std::uint64_t whole_seconds(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

Overlay::Overlay(const Parameters& parameters, Peers& peers, PeerScore& score, Random& random,
                 ControlBatch& control, std::function<Bytes(const PeerId&)> record_of)
    : parameters_(parameters),
      peers_(peers),
      score_(score),
      random_(random),
      control_(control),
      record_of_(std::move(record_of)) {}

const Overlay::Topic* Overlay::find(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

bool Overlay::is_joined(const std::string& topic) const {
  const Topic* found = find(topic);
  return found != nullptr && found->joined;
}

bool Overlay::in_any_mesh(const PeerId& peer) const {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return false;
  for (const std::string& topic : known->second.topics) {
    if (find(topic)->mesh.contains(peer)) return true;
  }
  return false;
}

void Overlay::subscribed(const PeerId& peer, const std::string& topic) {
  std::set<std::string>& its_topics = peers_.at(peer).topics;
  if (its_topics.contains(topic) || its_topics.size() == Peer::kMaxTopics) return;
  if (!topics_.contains(topic) && topics_.size() >= kMaxForeignTopics) return;
  its_topics.insert(topic);
  Topic& subscribed_to = topics_[topic];
  subscribed_to.subscribers.insert(peer);
  if (!speaks_mesh(peer)) subscribed_to.meshless.insert(peer);
  if (peers_.at(peer).outbound) subscribed_to.outbound.insert(peer);
  memberships_.push_back({topic, peer, true});
}

void Overlay::unsubscribed(const PeerId& peer, const std::string& name) {
  if (peers_.at(peer).topics.erase(name) == 0) return;
  Topic& topic = topics_.at(name);
  forget(topic, peer);
  if (topic.mesh.erase(peer) > 0) score_.pruned(peer, name);
  memberships_.push_back({name, peer, false});
  drop_if_empty(name);
}

void Overlay::disconnected(const PeerId& peer) {
  const std::set<std::string> its_topics = peers_.at(peer).topics;
  for (const std::string& name : its_topics) {
    Topic& topic = topics_.at(name);
    forget(topic, peer);
    topic.mesh.erase(peer);
    memberships_.push_back({name, peer, false});
    drop_if_empty(name);
  }
}

/// But for its place in the mesh.
void Overlay::forget(Topic& topic, const PeerId& peer) {
  topic.subscribers.erase(peer);
  topic.meshless.erase(peer);
  topic.outbound.erase(peer);
  topic.fanout.erase(peer);
  topic.dialled.erase(peer);
  topic.turned_away.erase(peer);
}

void Overlay::drop_if_empty(const std::string& name) {
  const auto found = topics_.find(name);
  if (found->second.joined || !found->second.subscribers.empty()) return;
  topics_.erase(found);
}

void Overlay::join(const std::string& name, TimePoint now) {
  Topic& topic = topics_[name];
  if (topic.joined) return;
  topic.joined = true;
  // Peers of the fanout are known to work; they become the mesh first.
  for (const PeerId& peer : std::exchange(topic.fanout, {})) {
    if (topic.mesh.size() < parameters_.d && may_graft(name, topic, peer, now)) {
      graft(name, topic, peer, now);
    }
  }
  fill(name, topic, now);
}

void Overlay::leave(const std::string& name, TimePoint now) {
  const auto found = topics_.find(name);
  if (found == topics_.end() || !found->second.joined) return;
  Topic& topic = found->second;
  for (const PeerId& peer : std::set<PeerId>(topic.mesh)) {
    prune(name, topic, peer, parameters_.unsubscribe_backoff, parameters_.peer_exchange, now);
  }
  topic.joined = false;
  topic.dialled.clear();
  topic.turned_away.clear();
  drop_if_empty(name);
}

std::vector<PeerId> Overlay::pick(const Topic& topic, std::size_t count, const Filter& fits) {
  return pick_of(topic.subscribers, topic, count, fits);
}

std::vector<PeerId> Overlay::pick_outbound(const Topic& topic, std::size_t count,
                                           const Filter& fits) {
  return pick_of(topic.outbound, topic, count, fits);
}

std::vector<PeerId> Overlay::pick_of(const std::set<PeerId>& peers, const Topic& topic,
                                     std::size_t count, const Filter& fits) {
  std::vector<PeerId> out;
  for (const PeerId& peer : peers) {
    if (!topic.meshless.contains(peer) && fits(peer)) out.push_back(peer);
  }
  shuffle(out, random_);
  if (out.size() > count) out.erase(out.begin() + static_cast<std::ptrdiff_t>(count), out.end());
  return out;
}

bool Overlay::may_graft(const std::string& name, const Topic& topic, const PeerId& peer,
                        TimePoint now) {
  return !topic.mesh.contains(peer) && !is_direct(peer) && speaks_mesh(peer) &&
         score_.score(peer) >= 0 && !backoffs_.blocks_own_graft(name, peer, now);
}

std::size_t Overlay::count_outbound(const std::set<PeerId>& peers) const {
  std::size_t out = 0;
  for (const PeerId& peer : peers) out += peers_.at(peer).outbound ? 1 : 0;
  return out;
}

void Overlay::graft(const std::string& name, Topic& topic, const PeerId& peer, TimePoint now) {
  topic.mesh.insert(peer);
  score_.grafted(peer, name, now);
  control_.to(peer).control.graft.push_back(name);
}

void Overlay::prune(const std::string& name, Topic& topic, const PeerId& peer, Duration backoff,
                    bool exchange, TimePoint now) {
  topic.mesh.erase(peer);
  score_.pruned(peer, name);
  backoffs_.add(name, peer, now + backoff);
  control_.to(peer).control.prune.push_back(make_prune(peer, name, backoff, exchange));
}

Prune Overlay::make_prune(const PeerId& peer, const std::string& name, Duration backoff,
                          bool exchange) {
  Prune out{.topic = name, .peers = {}, .backoff_seconds = whole_seconds(backoff)};
  const Topic* topic = find(name);
  if (!exchange || topic == nullptr) return out;
  const auto fits = [&](const PeerId& other) { return other != peer && score_.score(other) >= 0; };
  const std::size_t count = std::min(parameters_.exchanged_peers, kMaxPeersPerPrune);
  for (const PeerId& other : pick(*topic, count, fits)) {
    out.peers.push_back({.id = to_bytes(other.encoded()),
                         .signed_record = record_of_ ? record_of_(other) : Bytes()});
  }
  return out;
}

void Overlay::refuse_graft(const PeerId& peer, const std::string& name, bool exchange,
                           TimePoint now) {
  backoffs_.add(name, peer, now + parameters_.prune_backoff);
  control_.to(peer).control.prune.push_back(
      make_prune(peer, name, parameters_.prune_backoff, exchange));
}

void Overlay::handle_graft(const PeerId& peer, const std::string& name, TimePoint now) {
  // Silence for topics that we are not in: an answer would only help who probes for them.
  if (!is_joined(name) || !speaks_mesh(peer)) return;
  Topic& topic = topics_.at(name);
  if (topic.mesh.contains(peer)) return;
  subscribed(peer, name);
  if (!topic.subscribers.contains(peer) || is_direct(peer)) {
    refuse_graft(peer, name, false, now);
    return;
  }
  const auto until = backoffs_.until(name, peer, now);
  if (until && now < *until) {
    score_.penalise(peer);
    const TimePoint flood_end =
        *until - parameters_.prune_backoff + parameters_.graft_flood_threshold;
    if (now < flood_end) score_.penalise(peer);
    refuse_graft(peer, name, false, now);
    return;
  }
  if (score_.score(peer) < 0) {
    refuse_graft(peer, name, false, now);
    return;
  }
  // A full mesh takes only peers that we dialled: others could crowd it out.
  if (topic.mesh.size() >= parameters_.d_high && !peers_.at(peer).outbound) {
    turn_away(topic, peer);
    refuse_graft(peer, name, parameters_.peer_exchange, now);
    return;
  }
  topic.mesh.insert(peer);
  score_.grafted(peer, name, now);
}

bool Overlay::handle_prune(const PeerId& peer, const Prune& prune, TimePoint now) {
  if (!is_joined(prune.topic)) return false;
  Topic& topic = topics_.at(prune.topic);
  if (topic.mesh.erase(peer) > 0) score_.pruned(peer, prune.topic);
  Duration backoff = parameters_.prune_backoff;
  if (prune.backoff_seconds && *prune.backoff_seconds > 0) {
    constexpr std::uint64_t kMostSeconds = Backoffs::kMaxBackoff / 1s;
    backoff = std::chrono::seconds(std::min(*prune.backoff_seconds, kMostSeconds));
  }
  backoffs_.add(prune.topic, peer, now + backoff);
  return score_.score(peer) >= score_.thresholds().accept_exchanged_peers;
}

std::set<PeerId> Overlay::targets(const std::string& name, bool own, TimePoint now) {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return {};
  Topic& topic = found->second;
  const double threshold = score_.thresholds().publish;
  std::set<PeerId> out;
  const bool to_all = own && parameters_.flood_publish;
  for (const PeerId& peer : to_all ? topic.subscribers : topic.meshless) {
    if (score_.score(peer) >= threshold) out.insert(peer);
  }
  for (const PeerId& peer : parameters_.direct_peers) {
    if (topic.subscribers.contains(peer)) out.insert(peer);
  }
  if (topic.joined) {
    out.insert(topic.mesh.begin(), topic.mesh.end());
  } else if (own) {
    topic.last_publish = now;
    maintain_fanout(topic, now);
    out.insert(topic.fanout.begin(), topic.fanout.end());
  }
  return out;
}

void Overlay::add_others(const std::string& name, std::set<PeerId>& targets) const {
  const Topic* topic = find(name);
  if (topic == nullptr) return;
  targets.insert(topic->dialled.begin(), topic->dialled.end());
  targets.insert(topic->turned_away.begin(), topic->turned_away.end());
}

/// Each of them has the same chance to stay.
void Overlay::turn_away(Topic& topic, const PeerId& peer) {
  if (!peers_.at(peer).trees || topic.turned_away.contains(peer)) return;
  if (topic.turned_away.size() >= kMaxTurnedAway) {
    if (random_.below(2) == 0) return;
    const auto skipped = static_cast<std::ptrdiff_t>(random_.below(topic.turned_away.size()));
    topic.turned_away.erase(std::next(topic.turned_away.begin(), skipped));
  }
  topic.turned_away.insert(peer);
}

std::vector<PeerId> Overlay::gossip_targets(const std::string& name) {
  const Topic* topic = find(name);
  if (topic == nullptr) return {};
  const std::set<PeerId>& excluded = topic->joined ? topic->mesh : topic->fanout;
  const auto fits = [&](const PeerId& peer) {
    return !excluded.contains(peer) && !is_direct(peer) &&
           score_.score(peer) >= score_.thresholds().gossip;
  };
  std::vector<PeerId> out = pick(*topic, topic->subscribers.size(), fits);
  const auto part =
      static_cast<std::size_t>(parameters_.gossip_factor * static_cast<double>(out.size()));
  const std::size_t count = std::min(out.size(), std::max(parameters_.d_lazy, part));
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(count), out.end());
  return out;
}

}  // namespace shoal::gossipsub
