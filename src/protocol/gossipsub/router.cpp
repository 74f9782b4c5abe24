#include "protocol/gossipsub/router.h"

#include <utility>

#include "base/error.h"

namespace shoal::gossipsub {

namespace {

/// For what no honest implementation does.
constexpr double kExtensionsTwicePenalty = 10;

Parameters validated_parameters(Parameters parameters) {
  parameters.validate();
  return parameters;
}

}  // namespace

Router::Router(Parameters parameters, PeerId self, Random& random,
               std::function<Bytes(const PeerId&)> record_of, HashKey seen_key)
    : parameters_(validated_parameters(std::move(parameters))),
      self_(std::move(self)),
      random_(random),
      score_(parameters_.score),
      seen_(parameters_.seen_lifetime, seen_key),
      overlay_(parameters_, peers_, score_, random_, control_, std::move(record_of)),
      trees_(parameters_, peers_, score_, seen_, promises_, random_, control_),
      pieces_(parameters_, score_, peers_, random_, control_, actions_),
      gossip_(parameters_, peers_, score_, overlay_, seen_, promises_, trees_, random_, control_) {}

MessageId Router::id_of(const Message& message) const {
  return parameters_.message_id ? parameters_.message_id(message) : default_message_id(message);
}

SignaturePolicy Router::policy_of(const std::string& topic) const {
  const auto own = policies_.find(topic);
  return own == policies_.end() ? parameters_.signature_policy : own->second;
}

void Router::set_application_score(const PeerId& peer, double score) {
  score_.set_application_score(peer, score);
}

void Router::connected(const PeerId& peer, Version version, bool outbound,
                       std::optional<IpAddress> prefix, TimePoint) {
  if (!peers_.try_emplace(peer, Peer{.version = version, .outbound = outbound}).second) return;
  score_.connected(peer, prefix);
  if (parameters_.trees && has_extensions(version)) {
    control_.to(peer).control.extensions = Extensions{.trees = true};
  }
  for (const auto& [topic, validates] : joined_) {
    control_.to(peer).subscriptions.push_back({.subscribe = true, .topic = topic});
  }
}

void Router::disconnected(const PeerId& peer, TimePoint now) {
  if (!peers_.contains(peer)) return;
  score_.disconnected(peer, now);
  gossip_.disconnected(peer);
  trees_.disconnected(peer);
  pieces_.disconnected(peer);
  overlay_.disconnected(peer);
  peers_.erase(peer);
  control_.drop(peer);
}

void Router::receive(const PeerId& from, ByteView bytes, TimePoint now) {
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  const bool direct = parameters_.direct_peers.contains(from);
  if (!direct && score_.score(from) < score_.thresholds().graylist) {
    ++counts_.graylisted;
    return;
  }
  Rpc rpc = decode_rpc(bytes);
  const bool first = !std::exchange(found->second.was_heard, true);
  if (rpc.control.extensions && has_extensions(found->second.version)) {
    if (!first) score_.penalise(from, kExtensionsTwicePenalty);
    if (first) found->second.trees = parameters_.trees && rpc.control.extensions->trees;
  }
  receive_subscriptions(from, rpc.subscriptions);
  for (Message& message : rpc.publish) receive_message(from, std::move(message), now);
  if (has_mesh(found->second.version)) receive_control(from, rpc.control, now);
  if (found->second.trees) receive_trees(from, rpc.trees, now);
}

void Router::receive_subscriptions(const PeerId& peer,
                                   const std::vector<SubscriptionChange>& changes) {
  for (const SubscriptionChange& change : changes) {
    if (change.subscribe) {
      overlay_.subscribed(peer, change.topic);
    } else {
      overlay_.unsubscribed(peer, change.topic);
    }
  }
}

void Router::receive_control(const PeerId& peer, const Control& control, TimePoint now) {
  gossip_.handle_ihave(peer, control.ihave, now);
  for (MessagePtr& message : gossip_.handle_iwant(peer, control.iwant)) {
    if (message->manifest && pieces_.offer_again(peer, message->id)) continue;
    actions_.emplace_back(SendMessage{peer, std::move(message), true});
  }
  for (const std::string& topic : control.graft) overlay_.handle_graft(peer, topic, now);
  for (const Prune& prune : control.prune) {
    if (overlay_.handle_prune(peer, prune, now)) exchange_peers(prune.peers);
  }
  gossip_.handle_idontwant(peer, control.idontwant);
}

void Router::exchange_peers(const std::vector<ExchangedPeer>& peers) {
  for (const ExchangedPeer& other : peers) {
    try {
      const PeerId id = PeerId::decode(other.id);
      if (id == self_ || peers_.contains(id)) continue;
      actions_.emplace_back(Dial{id, other.signed_record});
    } catch (const Error&) {
      // Not an id of a kind that we know.
    }
  }
}

void Router::tell_all(const SubscriptionChange& change) {
  for (const auto& [peer, state] : peers_) control_.to(peer).subscriptions.push_back(change);
}

void Router::join(const std::string& topic, bool validates, TimePoint now) {
  const bool fresh = joined_.insert_or_assign(topic, validates).second;
  if (!fresh) return;
  tell_all({.subscribe = true, .topic = topic});
  overlay_.join(topic, now);
}

void Router::leave(const std::string& topic, TimePoint now) {
  if (joined_.erase(topic) == 0) return;
  tell_all({.subscribe = false, .topic = topic});
  overlay_.leave(topic, now);
}

void Router::heartbeat(TimePoint now) {
  score_.decay(now);
  seen_.expire(now);
  overlay_.heartbeat(now);
  gossip_.heartbeat(now);
  tick(now);
  if (heartbeats_++ % parameters_.direct_connect_heartbeats == 0) dial_direct_peers();
}

void Router::dial_direct_peers() {
  for (const PeerId& peer : parameters_.direct_peers) {
    if (!peers_.contains(peer)) actions_.emplace_back(Dial{peer, {}});
  }
}

std::vector<Action> Router::take_actions() {
  // Control first: a manifest is of use before its pieces, and IDONTWANT before the message.
  std::vector<Action> out;
  for (auto& [peer, rpc] : control_.take()) out.emplace_back(SendControl{peer, std::move(rpc)});
  for (Action& action : actions_) out.push_back(std::move(action));
  actions_.clear();
  return out;
}

}  // namespace shoal::gossipsub
