#include <utility>

#include "base/error.h"
#include "protocol/gossipsub/router.h"

namespace shoal::gossipsub {

namespace {

bool is_author(const Message& message, const PeerId& peer) {
  return message.from && equal(*message.from, peer.encoded());
}

}  // namespace

void Router::receive_message(const PeerId& from, Message message, TimePoint now) {
  if (!joined_.contains(message.topic)) return;
  // Others do not send us our own; a node that lost its memory meets them all the same.
  if (is_author(message, self_)) return;
  if (!follows_policy(message, policy_of(message.topic))) {
    ++counts_.rejected;
    score_.invalid_message(from, message.topic);
    return;
  }
  MessageId id = id_of(message);
  if (SeenCache::Entry* seen = seen_.find(id, now)) {
    note_duplicate(from, message.topic, id, *seen, now);
    return;
  }
  if (PendingMessages::Entry* same = pending_.find_same(id, message)) {
    ++counts_.duplicates;
    if (same->from != from && same->others.size() < SeenCache::kMaxPeersPerMessage) {
      same->others.insert(from);
    }
    return;
  }
  const MessagePtr stored = store_message(std::move(message), std::move(id));
  const auto ticket = pending_.add(stored, from);
  if (!ticket) {
    ++counts_.throttled;
    // We asked, it came; that there was no room is not the peer's fault.
    gossip_.arrived(stored->id);
    return;
  }
  if (policy_of(stored->message.topic) == SignaturePolicy::strict_sign) {
    actions_.emplace_back(Verify{*ticket, stored, from});
  } else {
    verified(*ticket, true, now);
  }
}

void Router::note_duplicate(const PeerId& from, const std::string& topic, const MessageId& id,
                            SeenCache::Entry& seen, TimePoint now) {
  ++counts_.duplicates;
  if (seen.verdict == Verdict::reject) score_.invalid_message(from, topic);
  if (seen.verdict != Verdict::accept) return;
  trees_.duplicate(from, id, seen.tree, now);
  const bool in_window = now - seen.at <= score_.topic(topic).mesh_deliveries_window;
  if (in_window && seen_.add_deliverer(id, from)) score_.near_first_delivery(from, topic);
}

void Router::note_duplicates(const PendingMessages::Entry& entry, SeenCache::Entry& seen,
                             TimePoint now) {
  const std::string& topic = entry.message->message.topic;
  const MessageId& id = entry.message->id;
  note_duplicate(entry.from, topic, id, seen, now);
  for (const PeerId& other : entry.others) note_duplicate(other, topic, id, seen, now);
}

void Router::verified(Ticket ticket, bool valid, TimePoint now) {
  PendingMessages::Entry* found = pending_.find(ticket);
  if (found == nullptr) return;
  const MessagePtr message = found->message;
  if (!valid) {
    // Not marked as seen: the id may be that of a good message by somebody else.
    refuse_invalid(pending_.take(ticket));
    return;
  }
  gossip_.arrived(message->id);
  if (SeenCache::Entry* seen = seen_.find(message->id, now)) {
    note_duplicates(pending_.take(ticket), *seen, now);
    return;
  }
  gossip_.announce_unwanted(*message, found->from);
  const auto joined = joined_.find(message->message.topic);
  if (joined != joined_.end() && joined->second) {
    gossip_.begin_validation(message->id);
    actions_.emplace_back(Validate{ticket, message, found->from});
  } else {
    validated(ticket, Verdict::accept, now);
  }
}

void Router::validated(Ticket ticket, Verdict verdict, TimePoint now) {
  if (pending_.find(ticket) == nullptr) return;
  const PendingMessages::Entry entry = pending_.take(ticket);
  gossip_.end_validation(entry.message->id);
  if (!joined_.contains(entry.message->message.topic)) return;
  if (SeenCache::Entry* seen = seen_.find(entry.message->id, now)) {
    note_duplicates(entry, *seen, now);
    return;
  }
  SeenCache::Entry& seen = seen_.add(entry.message->id, verdict, now);
  if (verdict == Verdict::reject) reject(entry);
  if (verdict == Verdict::ignore) ++counts_.ignored;
  if (verdict == Verdict::accept) accept(entry, seen, now);
}

void Router::refuse_invalid(const PendingMessages::Entry& entry) {
  if (!entry.assembled) {
    reject(entry);
    return;
  }
  ++counts_.rejected;
  pieces_.distrust(entry.message);
  const PeerId author = PeerId::decode(*entry.message->message.from);
  score_.invalid_message(author, entry.message->message.topic);
}

void Router::reject(const PendingMessages::Entry& entry) {
  ++counts_.rejected;
  const std::string& topic = entry.message->message.topic;
  score_.invalid_message(entry.from, topic);
  for (const PeerId& other : entry.others) score_.invalid_message(other, topic);
}

void Router::accept(const PendingMessages::Entry& entry, SeenCache::Entry& seen, TimePoint now) {
  ++counts_.delivered;
  const std::string& topic = entry.message->message.topic;
  std::set<PeerId> deliverers = entry.others;
  deliverers.insert(entry.from);
  score_.first_delivery(entry.from, topic);
  for (const PeerId& other : entry.others) score_.near_first_delivery(other, topic);
  gossip_.keep(entry.message);
  if (uses_trees(topic) && !entry.message->manifest) seen.tree = tree_of(entry.message->message);
  std::set<PeerId> targets = overlay_.targets(topic, false, now);
  if (seen.tree != 0) overlay_.add_others(topic, targets);
  for (const PeerId& peer : deliverers) targets.erase(peer);
  seen_.set_deliverers(entry.message->id, std::move(deliverers));
  const auto told = trees_.delivered(entry.message->id, topic, seen.tree, entry.from, now);
  for (const PeerId& peer : told.announcers) targets.erase(peer);
  for (const PeerId& peer : entry.others) {
    trees_.duplicate(peer, entry.message->id, seen.tree, now);
  }
  for (const PeerId& peer : pieces_.accepted(entry.message, targets, now)) targets.erase(peer);
  forward(entry.message, told.repaired ? 0 : seen.tree, std::move(targets));
  actions_.emplace_back(Deliver{entry.message, entry.from});
}

bool Router::publish(const MessagePtr& message, TimePoint now) {
  if (seen_.find(message->id, now) != nullptr) return false;
  const std::string& topic = message->message.topic;
  SeenCache::Entry& seen = seen_.add(message->id, Verdict::accept, now);
  seen_.set_deliverers(message->id, {});
  gossip_.keep(message);
  std::set<PeerId> targets = overlay_.targets(topic, true, now);
  if (message->manifest) {
    std::set<PeerId> by_pieces = targets;
    std::erase_if(by_pieces, [&](const PeerId& peer) { return !trees_.speaks(peer); });
    for (const PeerId& peer : by_pieces) targets.erase(peer);
    pieces_.publish(message, by_pieces, now);
  } else if (uses_trees(topic)) {
    seen.tree = tree_of(message->message);
  }
  forward(message, seen.tree, std::move(targets));
  return true;
}

void Router::forward(const MessagePtr& message, TreeKey tree, std::set<PeerId> targets) {
  std::erase_if(targets, [&](const PeerId& peer) {
    return is_author(message->message, peer) || gossip_.is_unwanted(peer, message->id);
  });
  // In a different order each time: the last of many waits longest for the line.
  std::vector<PeerId> order(targets.begin(), targets.end());
  shuffle(order, random_);
  for (const PeerId& peer : order) {
    if (trees_.is_lazy(peer, tree)) {
      trees_.announce(peer, message->message.topic, message->id);
    } else {
      actions_.emplace_back(SendMessage{peer, message, false});
    }
  }
}

}  // namespace shoal::gossipsub
