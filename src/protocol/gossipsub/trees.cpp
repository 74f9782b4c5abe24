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
      control_(control) {}

bool Trees::speaks(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.trees;
}

bool Trees::is_lazy(const PeerId& peer, TreeKey key) const {
  const auto found = peers_.find(peer);
  return key != 0 && found != peers_.end() && found->second.chokes_us.contains(key);
}

void Trees::handle_choke(const PeerId& from, const TreeMessages& said) {
  Peer& peer = peers_.at(from);
  for (const TreeKey key : said.choke) peer.chokes_us.add(key);
  for (const TreeKey key : said.unchoke) peer.chokes_us.remove(key);
}

std::size_t Trees::admit(const PeerId& from, std::size_t ids) {
  Peer& peer = peers_.at(from);
  const std::size_t room = parameters_.max_ihave_ids - peer.announced_ids;
  const std::size_t taken = std::min(ids, room);
  peer.announced_ids += taken;
  return taken;
}

void Trees::handle_announcement(const PeerId& from, const std::string& topic, const MessageId& id,
                                TimePoint now, TimePoint due) {
  SeenCache::Entry* seen = seen_.find(id, now);
  if (seen == nullptr) {
    repairs_.announced(id, from, now, due);
    return;
  }
  // Whom we choked cannot show by copies that it has the message as soon as others.
  if (seen->verdict != Verdict::accept || !peers_.at(from).choked.contains(seen->tree)) return;
  const bool in_window = now - seen->at <= score_.topic(topic).mesh_deliveries_window;
  if (!in_window || seen->delivered_by.size() == SeenCache::kMaxPeersPerMessage) return;
  if (seen->delivered_by.insert(from).second) score_.near_first_delivery(from, topic);
}

void Trees::announce(const PeerId& peer, const std::string& topic, const MessageId& id) {
  std::vector<Announcement>& announced = control_.to(peer).trees.announce;
  if (announced.empty() || announced.back().topic != topic) announced.push_back({topic, {}});
  announced.back().ids.push_back(id);
}

void Trees::duplicate(const PeerId& peer, TreeKey key) {
  if (key == 0 || !speaks(peer)) return;
  // Told each time: the peer may have forgotten.
  peers_.at(peer).choked.add(key);
  // It has another way, and would choke us after the next message.
  peers_.at(peer).chokes_us.add(key);
  TreeMessages& told = control_.to(peer).trees;
  if (std::ranges::find(told.choke, key) == told.choke.end()) told.choke.push_back(key);
}

std::set<PeerId> Trees::delivered(const MessageId& id, const std::string& topic, TreeKey key,
                                  const PeerId& from, TimePoint now) {
  const auto announced = repairs_.arrived(id);
  std::set<PeerId> out;
  bool asked = false;
  if (announced) {
    const auto& first = announced->by.empty() ? from : announced->by.front().peer;
    if (first != from && now - announced->by.front().at >= kBetterBy) unchoke(first, key);
    for (const auto& announcer : announced->by) {
      out.insert(announcer.peer);
      asked = asked || (announcer.peer == from && announcer.asked);
      if (announcer.peer == from || !speaks(announcer.peer)) continue;
      if (peers_.at(announcer.peer).choked.contains(key)) {
        score_.near_first_delivery(announcer.peer, topic);
      }
    }
  }
  if (key != 0 && speaks(from) && (asked || peers_.at(from).choked.contains(key))) {
    unchoke(from, key);
  }
  return out;
}

void Trees::unchoke(const PeerId& peer, TreeKey key) {
  if (key == 0 || !speaks(peer)) return;
  peers_.at(peer).choked.remove(key);
  control_.to(peer).trees.unchoke.push_back(key);
}

void Trees::repair(TimePoint now, const Pieces& pieces) {
  const auto due =
      repairs_.take_due(now, [this](const PeerId& peer) { return score_.score(peer); });
  for (const auto& [peer, id] : due) {
    if (!peers_.contains(peer) || seen_.find(id, now) != nullptr || pieces.is_coming(id)) continue;
    if (score_.score(peer) < score_.thresholds().gossip) continue;
    control_.to(peer).control.iwant.push_back(id);
    promises_.add(peer, {id}, now + parameters_.iwant_followup, random_);
  }
}

}  // namespace shoal::gossipsub
