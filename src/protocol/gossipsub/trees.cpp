#include "protocol/gossipsub/trees.h"

#include <algorithm>

#include "base/varint.h"
#include "crypto/hash.h"

namespace shoal::gossipsub {

TreeKey tree_of(const Message& message) {
  if (!message.from || !message.signature) return 0;
  Bytes named;
  append_varint(named, message.topic.size());
  append(named, as_bytes(message.topic));
  append(named, *message.from);
  const auto digest = crypto::sha256(named);
  TreeKey out = 0;
  for (std::size_t i = 0; i < sizeof(TreeKey); ++i) out = out << 8 | digest[i];
  return out;
}

Trees::Trees(const Parameters& parameters, Peers& peers, PeerScore& score, SeenCache& seen,
             Promises& promises, Random& random, ControlBatch& control)
    : parameters_(parameters),
      peers_(peers),
      score_(score),
      seen_(seen),
      promises_(promises),
      random_(random),
      control_(control),
      repairs_([this](const PeerId& peer) { return trust(peer); }) {}

Repairs::Trust Trees::trust(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return {.reliable = false};
  // Of those that we dialled the first is the nearest; among the others liars come first.
  const bool outbound = found->second.outbound;
  return {.reliable = !parents_.is_unreliable(peer, now_),
          .outbound = outbound,
          .score = outbound ? 0 : score_.score(peer)};
}

void Trees::disconnected(const PeerId& peer) {
  repairs_.forget(peer);
  parents_.forget(peer);
}

std::optional<TimePoint> Trees::next_due() const {
  const auto repair = repairs_.next_due();
  const auto failure = parents_.next_due();
  if (!repair || !failure) return repair ? repair : failure;
  return std::min(*repair, *failure);
}

bool Trees::speaks(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.trees;
}

bool Trees::is_lazy(const PeerId& peer, TreeKey key) const {
  const auto found = peers_.find(peer);
  return key != 0 && found != peers_.end() && found->second.chokes_us.contains(key);
}

void Trees::handle_choke(const PeerId& from, const TreeMessages& said, TimePoint now) {
  Peer& peer = peers_.at(from);
  for (const TreeKey key : said.choke) peer.chokes_us.add(key);
  for (const TreeKey key : said.unchoke) peer.chokes_us.remove(key);
  // Peers seldom go alone: those of ours that went with its are not found one late message each.
  if (said.renewed && !parents_.is_unreliable(from, now)) renew(Renewal::quiet, now);
}

std::size_t Trees::admit(const PeerId& from, std::size_t ids) {
  Peer& peer = peers_.at(from);
  const std::size_t room = parameters_.max_ihave_ids - peer.announced_ids;
  const std::size_t taken = std::min(ids, room);
  peer.announced_ids += taken;
  return taken;
}

void Trees::handle_announcement(const PeerId& from, const std::string& topic, const MessageId& id,
                                bool gossip, TimePoint now) {
  now_ = now;
  SeenCache::Entry* seen = seen_.find(id, now);
  if (seen == nullptr) {
    repairs_.announced(id, from, now, now + (gossip ? kGossipDelay : leads_.get()));
    return;
  }
  // Whom we choked cannot show by copies that it has the message as soon as others.
  if (seen->verdict != Verdict::accept || !peers_.at(from).choked.contains(seen->tree)) return;
  const bool in_window = now - seen->at <= score_.topic(topic).mesh_deliveries_window;
  if (in_window && seen_.add_deliverer(id, from)) score_.near_first_delivery(from, topic);
}

void Trees::announce(const PeerId& peer, const std::string& topic, const MessageId& id) {
  std::vector<Announcement>& announced = control_.to(peer).trees.announce;
  if (announced.empty() || announced.back().topic != topic) announced.push_back({topic, {}});
  announced.back().ids.push_back(id);
}

void Trees::duplicate(const PeerId& peer, const MessageId& id, TreeKey key, TimePoint now) {
  if (key == 0 || !speaks(peer)) return;
  parents_.came(peer, id);
  // It has another way, and would choke us after the next message.
  peers_.at(peer).chokes_us.add(key);
  const PeerId* const first = parents_.of(key);
  const bool better = first != nullptr && *first != peer && parents_.is_unreliable(*first, now) &&
                      !parents_.is_unreliable(peer, now);
  if (!better) {
    choke(peer, key);
    return;
  }
  const PeerId former = *first;
  parents_.set(key, peer);
  if (speaks(former)) choke(former, key);
}

/// Told each time: the peer may have forgotten.
void Trees::choke(const PeerId& peer, TreeKey key) {
  peers_.at(peer).choked.add(key);
  TreeMessages& told = control_.to(peer).trees;
  if (std::ranges::find(told.choke, key) == told.choke.end()) told.choke.push_back(key);
}

Trees::Delivered Trees::delivered(const MessageId& id, const std::string& topic, TreeKey key,
                                  const PeerId& from, TimePoint now) {
  now_ = now;
  Delivered out;
  const bool choked = is_choked(from, key);
  const auto announced = repairs_.arrived(id);
  if (!announced && key != 0) leads_.add(0s);
  if (announced) {
    for (const auto& each : announced->by) out.announcers.insert(each.peer);
    out.repaired = note_announcers(*announced, topic, key, from);
    if (out.repaired) {
      for (const auto& each : announced->by) {
        if (each.asked && each.peer != from) parents_.suspect(each.peer, id, now);
      }
    }
  }
  if (key == 0) return out;
  // Else the parent would have been earlier.
  if (out.repaired || choked) suspect_parent(id, key, from);
  parents_.set(key, from);
  if (speaks(from) && (out.repaired || choked)) unchoke(from, key);
  return out;
}

/// Whether `from` was asked for it.
bool Trees::note_announcers(const Repairs::Announced& announced, const std::string& topic,
                            TreeKey key, const PeerId& from) {
  bool asked = false;
  for (const auto& each : announced.by) {
    if (each.peer == from && each.asked) {
      asked = true;
      repairs_.answered(now_ - *each.asked);
    }
    if (each.peer != from && is_choked(each.peer, key)) {
      score_.near_first_delivery(each.peer, topic);
    }
  }
  if (announced.by.empty()) return asked;
  const Duration lead = now_ - announced.by.front().at;
  const PeerId& first = announced.by.front().peer;
  if (!asked) leads_.add(lead);
  if (first != from && lead >= kBetterBy && !parents_.is_unreliable(first, now_)) {
    unchoke(first, key);
  }
  return asked;
}

void Trees::suspect_parent(const MessageId& id, TreeKey key, const PeerId& from) {
  const PeerId* const parent = parents_.of(key);
  if (parent == nullptr || *parent == from || !peers_.contains(*parent)) return;
  parents_.suspect(*parent, id, now_);
}

bool Trees::is_choked(const PeerId& peer, TreeKey key) const {
  return speaks(peer) && peers_.at(peer).choked.contains(key);
}

void Trees::unchoke(const PeerId& peer, TreeKey key) {
  if (key == 0 || !speaks(peer)) return;
  peers_.at(peer).choked.remove(key);
  control_.to(peer).trees.unchoke.push_back(key);
}

/// Everybody sends copies again, until each tree is found anew; but for who is not relied upon.
/// They do the same when they are told why, and tell nobody.
void Trees::renew(Renewal how, TimePoint now) {
  if (renewed_at_ && now - *renewed_at_ < kRenewInterval) return;
  renewed_at_ = now;
  for (auto& [id, peer] : peers_) {
    if (peer.choked.size() == 0 || parents_.is_unreliable(id, now)) continue;
    TreeMessages& told = control_.to(id).trees;
    for (const TreeKey key : peer.choked.take()) told.unchoke.push_back(key);
    if (how == Renewal::told) told.renewed = true;
  }
}

void Trees::repair(TimePoint now, const Pieces& pieces) {
  now_ = now;
  if (!parents_.take_failed(now).empty()) renew(Renewal::told, now);
  for (const auto& [peer, id] : repairs_.take_due(now)) {
    if (!peers_.contains(peer) || seen_.find(id, now) != nullptr || pieces.is_coming(id)) continue;
    if (score_.score(peer) < score_.thresholds().gossip) continue;
    control_.to(peer).control.iwant.push_back(id);
    promises_.add(peer, {id}, now + parameters_.iwant_followup, random_);
  }
}

}  // namespace shoal::gossipsub
