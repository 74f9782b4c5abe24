#include <algorithm>
#include <utility>

#include "base/error.h"
#include "protocol/gossipsub/router.h"

namespace shoal::gossipsub {

bool Router::uses_trees(const std::string& topic) const {
  return parameters_.trees && !parameters_.message_id &&
         policy_of(topic) == SignaturePolicy::strict_sign;
}

bool Router::goes_in_pieces(const std::string& topic, std::size_t data_bytes) const {
  constexpr std::size_t kEnvelopeBytes = 4096;  // at most
  const std::size_t max_bytes = std::size_t{parameters_.piece_bytes} * kMaxPieces;
  return uses_trees(topic) && data_bytes > parameters_.pieces_threshold_bytes &&
         data_bytes + kEnvelopeBytes <= max_bytes;
}

bool Router::is_here(const MessageId& id, TimePoint now) {
  return seen_.find(id, now) != nullptr || pending_.has(id);
}

void Router::receive_trees(const PeerId& peer, const TreeMessages& said, TimePoint now) {
  trees_.handle_choke(peer, said, now);
  for (const Announcement& each : said.announce) receive_announcements(peer, each, now);
  for (const Bytes& manifest : said.manifests) receive_manifest(peer, manifest, now);
  for (const PieceList& list : said.have) pieces_.handle_have(peer, list, now);
  for (const PieceList& list : said.want) pieces_.handle_want(peer, list, now);
  for (const Piece& piece : said.pieces) {
    if (const auto whole = pieces_.handle_piece(peer, piece, now)) receive_whole(*whole, now);
  }
}

void Router::receive_announcements(const PeerId& peer, const Announcement& said, TimePoint now) {
  if (!uses_trees(said.topic) || !overlay_.is_joined(said.topic)) return;
  if (score_.score(peer) < score_.thresholds().gossip) return;
  const std::size_t count = trees_.admit(peer, said.ids.size());
  for (std::size_t i = 0; i < count; ++i) {
    const MessageId& id = said.ids[i];
    if (pending_.has(id) || pieces_.is_coming(id)) continue;
    trees_.handle_announcement(peer, said.topic, id, false, now);
  }
}

void Router::receive_manifest(const PeerId& peer, const Bytes& encoded, TimePoint now) {
  Manifest manifest = Manifest::decode(encoded);
  const auto joined = joined_.find(manifest.topic);
  if (joined == joined_.end() || !uses_trees(manifest.topic)) return;
  if (equal(manifest.from, self_.encoded())) return;
  const MessageId id = manifest.id();
  promises_.fulfilled(id);
  trees_.settle(id);
  if (is_here(id, now)) return;
  const bool validates = joined->second;
  pieces_.offer(peer, std::move(manifest), encoded, !validates, now);
}

void Router::manifest_verified(ManifestKey key, bool valid, TimePoint now) {
  const auto manifest = pieces_.find(key);
  if (!manifest) return;
  const std::set<PeerId> targets = overlay_.targets(manifest->topic, false, now);
  if (const auto whole = pieces_.verified(key, valid, targets, now)) receive_whole(*whole, now);
}

void Router::receive_whole(const Pieces::Whole& whole, TimePoint now) {
  const MessagePtr& message = whole.message;
  if (!joined_.contains(message->message.topic) || is_here(message->id, now)) return;
  if (!follows_policy(message->message, SignaturePolicy::strict_sign)) {
    ++counts_.rejected;
    pieces_.distrust(message);
    return;
  }
  const auto ticket = pending_.add(message, whole.suppliers.front());
  if (!ticket) {
    ++counts_.throttled;
    return;
  }
  PendingMessages::Entry& entry = *pending_.find(*ticket);
  entry.assembled = true;
  entry.others.insert(whole.suppliers.begin() + 1, whole.suppliers.end());
  actions_.emplace_back(Verify{*ticket, message, entry.from});
}

std::optional<TimePoint> Router::next_due() const {
  const auto repair = trees_.next_due();
  const auto piece = pieces_.next_due();
  if (!repair || !piece) return repair ? repair : piece;
  return std::min(*repair, *piece);
}

void Router::tick(TimePoint now) {
  trees_.repair(now, pieces_);
  pieces_.tick(now);
}

}  // namespace shoal::gossipsub
