#include <algorithm>
#include <utility>

#include "protocol/gossipsub/pieces.h"

namespace shoal::gossipsub {

void Pieces::publish(const MessagePtr& message, const std::set<PeerId>& targets, TimePoint now) {
  if (targets.empty()) return;
  Bytes encoded = message->manifest->encode();
  const ManifestKey key = manifest_key(encoded);
  const PeerId author = PeerId::decode(message->manifest->from);
  if (!has_room(author, *message->manifest)) {
    for (const PeerId& peer : targets) actions_.emplace_back(SendMessage{peer, message, false});
    return;
  }
  const std::size_t count = message->manifest->pieces();
  Entry entry{.transfer = Transfer(message->manifest, std::move(encoded), author, now),
              .own = true,
              .confirmed = std::vector<std::optional<TimePoint>>(count),
              .announced = std::vector<bool>(count)};
  entry.transfer.complete_with(message);
  entry.transfer.verified = true;
  entry.transfer.open = true;
  transfers_.erase(key);
  Entry& kept = transfers_.emplace(key, std::move(entry)).first->second;
  if (!next_tick_) next_tick_ = now + kTick;
  std::vector<PeerId> order(targets.begin(), targets.end());
  shuffle(order, random_);
  for (const PeerId& peer : order) tell_manifest(kept.transfer, peer);
  seed(key, kept, order);
}

/// Each piece to one peer, in turn; all of them to all when there are few.
void Pieces::seed(ManifestKey key, Entry& entry, const std::vector<PeerId>& peers) {
  const auto count = static_cast<std::uint32_t>(entry.transfer.manifest().pieces());
  for (std::uint32_t index = 0; index < count; ++index) {
    if (peers.size() > kFewPeers) {
      send(key, entry.transfer, peers[index % peers.size()], index);
      continue;
    }
    for (const PeerId& peer : peers) send(key, entry.transfer, peer, index);
    entry.announced[index] = true;
  }
}

void Pieces::announce_seeded(ManifestKey key, Entry& entry, TimePoint now) {
  const bool late = now - entry.transfer.begun_at() >= kSeedPatience;
  std::vector<std::uint32_t> indexes;
  for (std::uint32_t i = 0; i < entry.announced.size(); ++i) {
    const bool spread = entry.confirmed[i] && now - *entry.confirmed[i] >= kSeedDelay;
    if (entry.announced[i] || !(late || spread)) continue;
    entry.announced[i] = true;
    indexes.push_back(i);
  }
  tell_all_have(key, entry.transfer, indexes);
}

std::set<PeerId> Pieces::accepted(const MessagePtr& message, const std::set<PeerId>& targets,
                                  TimePoint now) {
  std::set<PeerId> out;
  const auto found = find_message(message->id);
  if (found == transfers_.end()) return out;
  Transfer& transfer = found->second.transfer;
  transfer.wanted = false;
  transfer.last_used = now;
  // It came whole from a peer without the extension: others may have its pieces all the same.
  const bool fresh = !transfer.is_complete() && is_made_of(transfer, message);
  if (fresh) transfer.complete_with(message);
  if (!transfer.is_complete() || !transfer.verified) return out;
  const bool opened = !std::exchange(transfer.open, true);
  for (const PeerId& peer : targets) {
    if (!may_talk_to(peer)) continue;
    const bool knew = transfer.holder(peer).knows_manifest;
    tell_manifest(transfer, peer);
    if (!knew || opened || fresh) tell_have(found->first, transfer, peer, transfer.all_indexes());
    out.insert(peer);
  }
  return out;
}

bool Pieces::is_made_of(const Transfer& transfer, const MessagePtr& message) {
  const Manifest& manifest = transfer.manifest();
  const SharedBytes encoded = message->encoded();
  if (encoded.size() != manifest.message_bytes) return false;
  for (std::uint32_t i = 0; i < manifest.pieces(); ++i) {
    const ByteView piece = encoded.view().subspan(manifest.offset_of(i), manifest.size_of(i));
    if (crypto::sha256(piece) != manifest.hashes[i]) return false;
  }
  return true;
}

bool Pieces::offer_again(const PeerId& peer, const MessageId& id) {
  const auto found = find_message(id);
  if (found == transfers_.end() || !may_talk_to(peer)) return false;
  Transfer& transfer = found->second.transfer;
  if (!transfer.is_complete() || !transfer.verified || !transfer.open) return false;
  transfer.holder(peer).knows_manifest = false;  // it may have forgotten
  tell_manifest(transfer, peer);
  tell_have(found->first, transfer, peer, transfer.all_indexes());
  return true;
}

bool Pieces::is_owed(const PeerId& peer) const {
  for (const auto& [key, entry] : transfers_) {
    const auto found = entry.transfer.holders().find(peer);
    if (!entry.own || found == entry.transfer.holders().end()) continue;
    const Transfer::Holder& holder = found->second;
    for (std::size_t i = 0; i < holder.has.size(); ++i) {
      if (holder.knows_manifest && !holder.has[i] && holder.sent[i] == 0) return true;
    }
  }
  return false;
}

void Pieces::tell_manifest(Transfer& transfer, const PeerId& peer) {
  if (!may_talk_to(peer)) return;
  if (std::exchange(transfer.holder(peer).knows_manifest, true)) return;
  control_.to(peer).trees.manifests.push_back(transfer.encoded());
}

void Pieces::tell_have(ManifestKey key, const Transfer& transfer, const PeerId& peer,
                       const std::vector<std::uint32_t>& indexes) {
  const auto holder = transfer.holders().find(peer);
  std::vector<std::uint32_t> news = indexes;
  if (holder != transfer.holders().end()) {
    std::erase_if(news, [&](std::uint32_t index) { return holder->second.has[index]; });
  }
  if (news.empty()) return;
  control_.to(peer).trees.have.push_back({key, std::move(news)});
}

void Pieces::tell_all_have(ManifestKey key, const Transfer& transfer,
                           const std::vector<std::uint32_t>& indexes) {
  if (indexes.empty()) return;
  for (const auto& [peer, holder] : transfer.holders()) {
    if (holder.knows_manifest && may_talk_to(peer)) tell_have(key, transfer, peer, indexes);
  }
}

void Pieces::send(ManifestKey key, Transfer& transfer, const PeerId& peer, std::uint32_t index) {
  std::uint8_t& sent = transfer.holder(peer).sent[index];
  if (sent == Transfer::kMaxSends) return;
  ++sent;
  Rpc rpc;
  rpc.trees.pieces.push_back({key, index, to_bytes(transfer.piece(index))});
  // Alone in its RPC, as control must not wait behind it.
  for (Bytes& bytes : encode_rpc(rpc, parameters_.max_rpc_bytes)) {
    actions_.emplace_back(SendPiece{peer, SharedBytes(std::move(bytes))});
  }
}

}  // namespace shoal::gossipsub
