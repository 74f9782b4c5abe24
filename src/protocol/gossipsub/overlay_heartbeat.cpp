#include <algorithm>
#include <utility>

#include "protocol/gossipsub/overlay.h"

namespace shoal::gossipsub {

void Overlay::heartbeat(TimePoint now) {
  ++heartbeats_;
  backoffs_.expire(now);
  for (auto& [name, topic] : topics_) {
    if (topic.joined) {
      maintain_mesh(name, topic, now);
    } else if (!topic.fanout.empty()) {
      maintain_fanout(topic, now);
    }
  }
}

void Overlay::maintain_mesh(const std::string& name, Topic& topic, TimePoint now) {
  prune_negative(name, topic, now);
  if (topic.mesh.size() < parameters_.d_low) fill(name, topic, now);
  if (topic.mesh.size() > parameters_.d_high) cut(name, topic, now);
  if (topic.mesh.size() >= parameters_.d_low) add_outbound(name, topic, now);
  if (heartbeats_ % parameters_.opportunistic_graft_heartbeats == 0) graft_better(name, topic, now);
  maintain_dialled(topic);
}

void Overlay::prune_negative(const std::string& name, Topic& topic, TimePoint now) {
  for (const PeerId& peer : std::set<PeerId>(topic.mesh)) {
    if (score_.score(peer) >= 0) continue;
    prune(name, topic, peer, parameters_.prune_backoff, false, now);
  }
}

void Overlay::fill(const std::string& name, Topic& topic, TimePoint now) {
  if (topic.mesh.size() >= parameters_.d) return;
  const auto fits = [&](const PeerId& peer) { return may_graft(name, topic, peer, now); };
  const std::size_t missing = parameters_.d - topic.mesh.size();
  for (const PeerId& peer : pick(topic, missing, fits)) graft(name, topic, peer, now);
}

/// Down to d: the best d_score, others at random, and d_out that we dialled where there are any.
void Overlay::cut(const std::string& name, Topic& topic, TimePoint now) {
  std::vector<PeerId> order(topic.mesh.begin(), topic.mesh.end());
  shuffle(order, random_);
  std::stable_sort(order.begin(), order.end(), [this](const PeerId& a, const PeerId& b) {
    return score_.score(a) > score_.score(b);
  });
  const auto best = static_cast<std::ptrdiff_t>(std::min(parameters_.d_score, parameters_.d));
  std::vector<PeerId> others(order.begin() + best, order.end());
  shuffle(others, random_);
  std::copy(others.begin(), others.end(), order.begin() + best);

  const auto is_outbound = [this](const PeerId& peer) { return peers_.at(peer).outbound; };
  const auto kept_end = order.begin() + static_cast<std::ptrdiff_t>(parameters_.d);
  auto outbound = static_cast<std::size_t>(std::count_if(order.begin(), kept_end, is_outbound));
  auto victim = kept_end;
  for (auto extra = kept_end; extra != order.end() && outbound < parameters_.d_out; ++extra) {
    if (!is_outbound(*extra)) continue;
    do {
      --victim;
    } while (is_outbound(*victim));
    std::iter_swap(victim, extra);
    ++outbound;
  }
  for (auto peer = kept_end; peer != order.end(); ++peer) {
    prune(name, topic, *peer, parameters_.prune_backoff, parameters_.peer_exchange, now);
  }
}

void Overlay::add_outbound(const std::string& name, Topic& topic, TimePoint now) {
  const std::size_t outbound = count_outbound(topic.mesh);
  if (outbound >= parameters_.d_out) return;
  const auto fits = [&](const PeerId& peer) { return may_graft(name, topic, peer, now); };
  for (const PeerId& peer : pick_outbound(topic, parameters_.d_out - outbound, fits)) {
    graft(name, topic, peer, now);
  }
}

/// Opportunistic grafting, gossipsub v1.1: a mesh of peers with low scores is not left to itself.
void Overlay::graft_better(const std::string& name, Topic& topic, TimePoint now) {
  if (topic.mesh.size() < 2) return;
  std::vector<double> scores;
  for (const PeerId& peer : topic.mesh) scores.push_back(score_.score(peer));
  std::sort(scores.begin(), scores.end());
  const double median = scores[scores.size() / 2];
  if (median >= score_.thresholds().opportunistic_graft) return;
  const auto fits = [&](const PeerId& peer) {
    return score_.score(peer) > median && may_graft(name, topic, peer, now);
  };
  for (const PeerId& peer : pick(topic, parameters_.opportunistic_graft_peers, fits)) {
    graft(name, topic, peer, now);
  }
}

/// So many that with those of the mesh, d_dialled peers which we dialled are sent to. They stay the
/// same as long as they can, for the trees' sake.
void Overlay::maintain_dialled(Topic& topic) {
  const auto fits = [&](const PeerId& id) {
    return peers_.at(id).trees && !topic.mesh.contains(id) && !is_direct(id) &&
           score_.score(id) >= 0;
  };
  std::erase_if(topic.dialled, [&](const PeerId& peer) { return !fits(peer); });
  std::erase_if(topic.turned_away, [&](const PeerId& peer) {
    return topic.mesh.contains(peer) || score_.score(peer) < 0;
  });
  const std::size_t enough =
      parameters_.d_dialled - std::min(parameters_.d_dialled, count_outbound(topic.mesh));
  while (topic.dialled.size() > enough) topic.dialled.erase(topic.dialled.begin());
  if (topic.dialled.size() == enough) return;
  const auto fresh = [&](const PeerId& id) { return fits(id) && !topic.dialled.contains(id); };
  for (const PeerId& peer : pick_outbound(topic, enough - topic.dialled.size(), fresh)) {
    topic.dialled.insert(peer);
  }
}

void Overlay::maintain_fanout(Topic& topic, TimePoint now) {
  if (topic.last_publish + parameters_.fanout_lifetime <= now) {
    topic.fanout.clear();
    return;
  }
  const double threshold = score_.thresholds().publish;
  std::erase_if(topic.fanout, [&](const PeerId& peer) { return score_.score(peer) < threshold; });
  if (topic.fanout.size() >= parameters_.d) return;
  const auto fits = [&](const PeerId& peer) {
    return !topic.fanout.contains(peer) && !is_direct(peer) && score_.score(peer) >= threshold;
  };
  for (const PeerId& peer : pick(topic, parameters_.d - topic.fanout.size(), fits)) {
    topic.fanout.insert(peer);
  }
}

}  // namespace shoal::gossipsub
