#include "protocol/gossipsub/pieces.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::gossipsub {

Pieces::Pieces(const Parameters& parameters, PeerScore& score, Peers& peers, Random& random,
               ControlBatch& control, std::vector<Action>& actions)
    : parameters_(parameters),
      score_(score),
      peers_(peers),
      random_(random),
      control_(control),
      actions_(actions) {}

bool Pieces::may_talk_to(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.trees &&
         score_.score(peer) >= score_.thresholds().gossip;
}

std::shared_ptr<const Manifest> Pieces::find(ManifestKey key) const {
  const auto found = transfers_.find(key);
  return found == transfers_.end() ? nullptr : found->second.transfer.shared_manifest();
}

Pieces::Transfers::iterator Pieces::find_message(const MessageId& id) {
  return std::ranges::find_if(
      transfers_, [&](const auto& each) { return each.second.transfer.manifest().id() == id; });
}

bool Pieces::is_coming(const MessageId& id) const {
  return std::ranges::any_of(transfers_, [&](const auto& each) {
    const Transfer& transfer = each.second.transfer;
    return transfer.wanted && !transfer.is_complete() && transfer.manifest().id() == id;
  });
}

bool Pieces::has_room(const PeerId& from, const Manifest& manifest) {
  std::size_t of_peer = 0;
  std::size_t of_author = 0;
  std::uint64_t bytes = manifest.message_bytes;
  auto oldest = transfers_.end();
  for (auto each = transfers_.begin(); each != transfers_.end(); ++each) {
    const Transfer& transfer = each->second.transfer;
    if (transfer.is_complete()) {
      const bool older =
          oldest == transfers_.end() || transfer.last_used < oldest->second.transfer.last_used;
      if (older) oldest = each;
      continue;
    }
    of_peer += transfer.introduced_by() == from ? 1 : 0;
    of_author += transfer.manifest().from == manifest.from ? 1 : 0;
    bytes += transfer.manifest().message_bytes;
  }
  if (of_peer >= kMaxPerPeer || of_author >= kMaxPerAuthor || bytes > kMaxBytes) return false;
  if (transfers_.size() < kMaxTransfers) return true;
  if (oldest == transfers_.end()) return false;
  transfers_.erase(oldest);
  return true;
}

void Pieces::offer(const PeerId& from, Manifest manifest, Bytes encoded, bool open, TimePoint now) {
  const ManifestKey key = manifest_key(encoded);
  const auto known = transfers_.find(key);
  if (known != transfers_.end()) {
    known->second.transfer.holder(from).knows_manifest = true;
    return;
  }
  if (manifest.message_bytes > parameters_.max_rpc_bytes || is_distrusted(manifest.from)) return;
  if (!has_room(from, manifest)) return;
  auto shared = std::make_shared<const Manifest>(std::move(manifest));
  Entry entry{.transfer = Transfer(shared, std::move(encoded), from, now)};
  entry.transfer.open = open;
  entry.transfer.holder(from).knows_manifest = true;
  transfers_.emplace(key, std::move(entry));
  if (!next_tick_) next_tick_ = now + kTick;
  actions_.emplace_back(VerifyManifest{key, std::move(shared)});
}

std::optional<Pieces::Whole> Pieces::verified(ManifestKey key, bool valid,
                                              const std::set<PeerId>& targets, TimePoint now) {
  const auto found = transfers_.find(key);
  if (found == transfers_.end() || found->second.transfer.verified) return std::nullopt;
  Transfer& transfer = found->second.transfer;
  if (!valid) {
    score_.invalid_message(transfer.introduced_by(), transfer.manifest().topic);
    transfers_.erase(found);
    return std::nullopt;
  }
  transfer.verified = true;
  if (transfer.open) {
    for (const PeerId& peer : targets) tell_manifest(transfer, peer);
    std::vector<std::uint32_t> here = transfer.all_indexes();
    std::erase_if(here, [&](std::uint32_t index) { return !transfer.has(index); });
    tell_all_have(key, transfer, here);
  }
  if (transfer.is_complete() && transfer.wanted) return assemble(key);
  request_all(key, transfer, now);
  return std::nullopt;
}

void Pieces::handle_have(const PeerId& from, const PieceList& list, TimePoint now) {
  const auto found = transfers_.find(list.manifest);
  if (found == transfers_.end() || !may_talk_to(from)) return;
  Entry& entry = found->second;
  Transfer::Holder& holder = entry.transfer.holder(from);
  holder.knows_manifest = true;
  for (const std::uint32_t index : list.indexes) {
    if (index >= holder.has.size()) continue;
    holder.has[index] = true;
    if (entry.own && !entry.confirmed[index]) entry.confirmed[index] = now;
  }
  request(found->first, entry.transfer, from, now);
}

void Pieces::handle_want(const PeerId& from, const PieceList& list, TimePoint now) {
  const auto found = transfers_.find(list.manifest);
  if (found == transfers_.end() || !may_talk_to(from)) return;
  Transfer& transfer = found->second.transfer;
  if (!transfer.verified || !transfer.open) return;
  transfer.last_used = now;
  for (const std::uint32_t index : list.indexes) {
    if (index < transfer.manifest().pieces() && transfer.has(index)) {
      send(found->first, transfer, from, index);
    }
  }
}

std::optional<Pieces::Whole> Pieces::handle_piece(const PeerId& from, const Piece& piece,
                                                  TimePoint now) {
  const auto found = transfers_.find(piece.manifest);
  if (found == transfers_.end()) {
    ++duplicates_;
    return std::nullopt;
  }
  Transfer& transfer = found->second.transfer;
  if (piece.index < transfer.manifest().pieces() && transfer.has(piece.index)) {
    ++duplicates_;
    transfer.holder(from).progress = now;
    transfer.holder(from).has[piece.index] = true;
    return std::nullopt;
  }
  if (!transfer.fits(piece.index, piece.data)) {
    score_.invalid_message(from, transfer.manifest().topic);
    transfer.forget(from);
    request_all(found->first, transfer, now);
    return std::nullopt;
  }
  transfer.store(piece.index, piece.data, from, now);
  if (transfer.verified && transfer.open) tell_all_have(found->first, transfer, {piece.index});
  if (transfer.is_complete() && transfer.verified && transfer.wanted) return assemble(found->first);
  request(found->first, transfer, from, now);
  return std::nullopt;
}

std::optional<Pieces::Whole> Pieces::assemble(ManifestKey key) {
  Transfer& transfer = transfers_.at(key).transfer;
  const Bytes data = transfer.take_data();
  try {
    Message message = Message::decode(data);
    if (!names(transfer.manifest(), message)) {
      throw Error(ErrorCode::malformed, "another message than its manifest says");
    }
    MessageId id = transfer.manifest().id();
    auto stored = store_message(std::move(message), std::move(id), transfer.shared_manifest());
    if (!equal(stored->encoded().view(), data)) {
      throw Error(ErrorCode::malformed, "a message that is not encoded as ours are");
    }
    transfer.complete_with(stored);
    return Whole{std::move(stored), transfer.suppliers()};
  } catch (const Error&) {
    // Each piece was the author's own.
    distrust_author(transfer.manifest().from);
    transfers_.erase(key);
    return std::nullopt;
  }
}

void Pieces::distrust(const MessagePtr& message) {
  distrust_author(*message->message.from);
  const auto found = find_message(message->id);
  if (found != transfers_.end()) transfers_.erase(found);
}

void Pieces::distrust_author(const Bytes& author) {
  if (is_distrusted(author)) return;
  if (distrusted_.size() == kMaxDistrusted) distrusted_.pop_front();
  distrusted_.push_back(author);
}

bool Pieces::is_distrusted(const Bytes& author) const {
  return std::ranges::find(distrusted_, author) != distrusted_.end();
}

void Pieces::disconnected(const PeerId& peer) {
  for (auto& [key, entry] : transfers_) entry.transfer.forget(peer);
}

void Pieces::request(ManifestKey key, Transfer& transfer, const PeerId& peer, TimePoint now) {
  if (!transfer.verified || !transfer.wanted || transfer.is_complete()) return;
  if (!may_talk_to(peer)) return;
  std::vector<std::uint32_t> indexes = transfer.request(peer, random_, now);
  if (indexes.empty()) return;
  control_.to(peer).trees.want.push_back({key, std::move(indexes)});
}

void Pieces::request_all(ManifestKey key, Transfer& transfer, TimePoint now) {
  std::vector<PeerId> order;
  for (const auto& [peer, holder] : transfer.holders()) order.push_back(peer);
  shuffle(order, random_);
  for (const PeerId& peer : order) request(key, transfer, peer, now);
}

void Pieces::tick(TimePoint now) {
  if (!next_tick_ || now < *next_tick_) return;
  std::erase_if(transfers_, [&](const auto& each) {
    const Transfer& transfer = each.second.transfer;
    return transfer.is_complete() || !transfer.wanted ? transfer.last_used + kLinger <= now
                                                      : transfer.begun_at() + kLifetime <= now;
  });
  for (auto& [key, entry] : transfers_) {
    if (entry.own) announce_seeded(key, entry, now);
    Transfer& transfer = entry.transfer;
    if (transfer.is_complete() || !transfer.wanted) continue;
    for (const PeerId& peer : transfer.give_up_stalled(now)) score_.penalise(peer);
    request_all(key, transfer, now);
    if (transfer.is_waiting()) continue;
    transfer.forgive();
    request_all(key, transfer, now);
  }
  next_tick_.reset();
  if (!transfers_.empty()) next_tick_ = now + kTick;
}

std::optional<TimePoint> Pieces::next_due() const {
  return next_tick_;
}

}  // namespace shoal::gossipsub
