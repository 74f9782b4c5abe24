#include "protocol/gossipsub/gossip.h"

#include <algorithm>
#include <set>

namespace shoal::gossipsub {

Gossip::Gossip(const Parameters& parameters, Peers& peers, PeerScore& score, Overlay& overlay,
               SeenCache& seen, Promises& promises, Trees& trees, Random& random,
               ControlBatch& control)
    : parameters_(parameters),
      peers_(peers),
      score_(score),
      overlay_(overlay),
      seen_(seen),
      random_(random),
      control_(control),
      promises_(promises),
      trees_(trees),
      cache_(parameters.gossip_heartbeats, parameters.history_heartbeats) {}

bool Gossip::may_gossip_with(const PeerId& peer) const {
  return score_.score(peer) >= score_.thresholds().gossip;
}

void Gossip::handle_ihave(const PeerId& from, const std::vector<IHave>& ihave, TimePoint now) {
  if (ihave.empty() || !may_gossip_with(from)) return;
  Peer& peer = peers_.at(from);
  if (++peer.ihave_messages > parameters_.max_ihave_messages) return;
  if (peer.asked_ids >= parameters_.max_ihave_ids) return;
  std::set<MessageId> missing;
  for (const IHave& have : ihave) {
    if (!overlay_.is_joined(have.topic)) continue;
    for (const MessageId& id : have.ids) {
      if (seen_.find(id, now) != nullptr || in_validation_.contains(id)) continue;
      if (!peer.trees) missing.insert(id);
      // It is probably on its way, over a tree or in pieces.
      if (peer.trees && peer.asked_ids++ < parameters_.max_ihave_ids) {
        trees_.handle_announcement(from, have.topic, id, true, now);
      }
    }
  }
  if (missing.empty()) return;
  std::vector<MessageId> asked(missing.begin(), missing.end());
  shuffle(asked, random_);
  asked.resize(std::min(asked.size(), parameters_.max_ihave_ids - peer.asked_ids));
  peer.asked_ids += asked.size();
  promises_.add(from, asked, now + parameters_.iwant_followup, random_);
  std::vector<MessageId>& iwant = control_.to(from).control.iwant;
  iwant.insert(iwant.end(), asked.begin(), asked.end());
}

std::vector<MessagePtr> Gossip::handle_iwant(const PeerId& peer,
                                             const std::vector<MessageId>& ids) {
  std::vector<MessagePtr> out;
  if (!may_gossip_with(peer)) return out;
  std::set<MessageId> answered;
  for (const MessageId& id : ids) {
    if (answered.contains(id) || is_unwanted(peer, id)) continue;
    const MessageCache::Answer answer = cache_.answer(id, peer);
    if (!answer.message || answer.times_asked > parameters_.gossip_retransmission) continue;
    answered.insert(id);
    out.push_back(answer.message);
  }
  return out;
}

void Gossip::handle_idontwant(const PeerId& from, const std::vector<MessageId>& ids) {
  if (ids.empty()) return;
  Peer& peer = peers_.at(from);
  if (peer.idontwant_messages >= parameters_.max_idontwant_messages) return;
  ++peer.idontwant_messages;
  const std::size_t count = std::min(ids.size(), parameters_.max_idontwant_ids);
  for (std::size_t i = 0; i < count; ++i) {
    if (peer.unwanted.size() >= Peer::kMaxUnwanted) return;
    peer.unwanted[ids[i]] = parameters_.idontwant_heartbeats;
  }
}

void Gossip::announce_unwanted(const StoredMessage& message, const PeerId& from) {
  const std::size_t size = message.message.data ? message.message.data->size() : 0;
  if (size < parameters_.idontwant_threshold_bytes) return;
  const Overlay::Topic* topic = overlay_.find(message.message.topic);
  if (topic == nullptr) return;
  for (const PeerId& peer : topic->mesh) {
    if (peer == from || !shall_send(peer, message)) continue;
    control_.to(peer).control.idontwant.push_back(message.id);
  }
}

/// Whether `peer` would send the whole message, and can be told not to.
bool Gossip::shall_send(const PeerId& id, const StoredMessage& message) const {
  const Peer& peer = peers_.at(id);
  if (!has_idontwant(peer.version)) return false;
  return !peer.trees || (!message.manifest && !peer.choked.contains(tree_of(message.message)));
}

bool Gossip::is_unwanted(const PeerId& peer, const MessageId& id) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.unwanted.contains(id);
}

void Gossip::heartbeat(TimePoint now) {
  start_new_period();
  penalise_broken_promises(now);
  for (const auto& [name, topic] : overlay_.topics()) {
    if (topic.joined || !topic.fanout.empty()) emit(name);
  }
  cache_.shift();
}

void Gossip::start_new_period() {
  for (auto& [id, peer] : peers_) {
    peer.ihave_messages = 0;
    peer.asked_ids = 0;
    peer.idontwant_messages = 0;
    peer.announced_ids = 0;
    for (auto& [message, heartbeats_left] : peer.unwanted) --heartbeats_left;
    std::erase_if(peer.unwanted, [](const auto& entry) { return entry.second == 0; });
  }
}

void Gossip::penalise_broken_promises(TimePoint now) {
  for (const auto& [peer, count] : promises_.take_broken(now)) score_.penalise(peer, count);
}

void Gossip::emit(const std::string& topic) {
  std::vector<MessageId> ids = cache_.gossip_ids(topic);
  if (ids.empty()) return;
  for (const PeerId& peer : overlay_.gossip_targets(topic)) {
    // Each peer is told of others when there are too many for all.
    shuffle(ids, random_);
    const std::size_t count = std::min({ids.size(), parameters_.max_ihave_ids, kMaxIdsPerRpc});
    control_.to(peer).control.ihave.push_back(
        {.topic = topic, .ids = {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count)}});
  }
}

}  // namespace shoal::gossipsub
