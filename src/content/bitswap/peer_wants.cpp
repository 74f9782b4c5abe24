#include "content/bitswap/peer_wants.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace shoal::content::bitswap {

void PeerWants::receive(const Message& message, const SizeOf& size_of, TimePoint now) {
  refill(now);
  if (message.full) clear();
  for (const WantEntry& entry : message.wants) {
    if (entry.cid.hash().is(HashCode::identity)) continue;  // carries its own content
    if (entry.cancel) {
      cancel(entry.cid.hash());
    } else {
      add(entry, size_of);
    }
  }
}

void PeerWants::clear() {
  std::erase_if(wants_, [](const auto& want) { return !want.second.sending; });
  for (auto& [hash, want] : wants_) want.called_off = true;
  queue_.clear();
  queued_bytes_ = 0;
  waiting_.clear();
  held_.clear();
  offers_.clear();
  presences_.clear();
}

void PeerWants::add(const WantEntry& entry, const SizeOf& size_of) {
  const Multihash& hash = entry.cid.hash();
  if (entry.type == WantType::block) end_offer(hash);
  auto known = wants_.find(hash);
  if (known != wants_.end() && known->second.sending) {
    known->second.called_off = false;
    return;
  }
  // Before it is looked up, which is what it costs; what we have costs nothing.
  if (!pay()) return;
  const std::optional<std::uint64_t> bytes = size_of(hash);
  if (bytes) tokens_ += 1;
  // A presence said once is not said twice before it has left: that would need no bound of its own.
  bool told = false;
  if (known != wants_.end()) {
    told = known->second.told;
    erase(known);
  }
  if (wants_.size() >= kMaxWants && !make_room()) return;
  Want want{entry.cid, entry.type, entry.send_dont_have, entry.priority, next_order_++};
  want.told = told;
  const auto added = wants_.emplace(hash, std::move(want)).first;
  answer(added, bytes);
}

void PeerWants::answer(Wants::iterator entry, std::optional<std::uint64_t> bytes) {
  Want& want = entry->second;
  want.bytes = bytes.value_or(0);
  if (bytes && want.type == WantType::block) {
    enqueue(want);
  } else if (bytes && holds_ && *bytes >= kMinHeldBytes) {
    held_.emplace(want.cid.hash(), *bytes);
  } else if (bytes) {
    say(want.cid, true);
    erase(entry);
  } else {
    waiting_.emplace(want.order, want.cid.hash());
    if (want.send_dont_have && !want.told) want.told = say(want.cid, false);
  }
}

/// False when too much is unsaid already: a peer that reads nothing must not make it grow.
bool PeerWants::say(const Cid& cid, bool have) {
  if (presences_.size() >= kMaxPresences) return false;
  presences_.push_back({cid, have});
  return true;
}

void PeerWants::enqueue(Want& want) {
  want.queued = true;
  queued_bytes_ += static_cast<std::size_t>(want.bytes);
  waiting_.erase(want.order);
  want.copies = copies_ ? copies_(want.cid.hash()) : 0;
  queue_.emplace(rank_of(want), want.cid.hash());
}

void PeerWants::send_rarest_first(CopiesOf copies) {
  copies_ = std::move(copies);
}

void PeerWants::settle_front() {
  while (copies_ && !queue_.empty()) {
    const auto front = queue_.begin();
    Want& want = wants_.find(front->second)->second;
    const std::uint32_t copies = copies_(front->second);
    if (copies <= want.copies) return;
    auto node = queue_.extract(front);
    want.copies = copies;
    node.key() = rank_of(want);
    queue_.insert(std::move(node));
  }
}

bool PeerWants::waits_for(const Multihash& hash) const {
  const auto want = wants_.find(hash);
  return want != wants_.end() && !want->second.queued && !want->second.sending && !is_held(hash);
}

bool PeerWants::is_queued(const Multihash& hash) const {
  const auto want = wants_.find(hash);
  return want != wants_.end() && want->second.queued;
}

std::vector<Multihash> PeerWants::waiting() const {
  std::vector<Multihash> out;
  out.reserve(waiting_.size());
  for (const auto& [order, hash] : waiting_) out.push_back(hash);
  return out;
}

void PeerWants::offer(const Multihash& hash, std::uint64_t bytes) {
  if (!waits_for(hash)) return;
  const auto want = wants_.find(hash);
  waiting_.erase(want->second.order);
  // A DONT_HAVE that has not left yet would be a lie by now.
  std::erase_if(presences_, [&](const Presence& presence) { return presence.cid.hash() == hash; });
  answer(want, bytes);
}

void PeerWants::end_offer(const Multihash& hash) {
  const auto offer = offers_.find(hash);
  if (offer == offers_.end()) return;
  const Duration took = refilled_ - offer->second.since;
  answer_time_ = answer_time_ == Duration{} ? took : answer_time_ + (took - answer_time_) / 8;
  offers_.erase(offer);
}

void PeerWants::cancel(const Multihash& hash) {
  end_offer(hash);
  const auto want = wants_.find(hash);
  if (want == wants_.end()) return;
  if (want->second.sending) {
    want->second.called_off = true;
  } else {
    erase(want);
  }
}

void PeerWants::erase(Wants::iterator entry) {
  const Want& want = entry->second;
  if (want.queued) {
    queue_.erase(rank_of(want));
    queued_bytes_ -= static_cast<std::size_t>(want.bytes);
  }
  waiting_.erase(want.order);
  held_.erase(want.cid.hash());
  wants_.erase(entry);
}

std::vector<Multihash> PeerWants::held(std::size_t first, std::size_t count) const {
  std::vector<Multihash> out;
  auto next = std::next(held_.begin(), static_cast<std::ptrdiff_t>(std::min(first, held_.size())));
  for (; next != held_.end() && out.size() < count; ++next) out.push_back(next->first);
  return out;
}

void PeerWants::tell_held(const Multihash& hash, TimePoint now) {
  const auto held = held_.find(hash);
  const auto want = wants_.find(hash);
  if (held == held_.end() || !say(want->second.cid, true)) return;
  if (offers_.size() < kMaxOffers) offers_.insert_or_assign(hash, Offer{held->second, now});
  erase(want);
}

std::size_t PeerWants::offered_bytes(TimePoint now) {
  std::erase_if(offers_, [now](const auto& one) { return now - one.second.since >= kOfferTime; });
  std::size_t out = 0;
  for (const auto& [hash, offer] : offers_) out += static_cast<std::size_t>(offer.bytes);
  return out;
}

bool PeerWants::make_room() {
  if (waiting_.empty()) return false;
  erase(wants_.find(waiting_.begin()->second));
  return true;
}

PeerWants::Queue::iterator PeerWants::front() {
  settle_front();
  return queue_.begin();
}

std::optional<std::uint64_t> PeerWants::next_bytes() {
  const auto next = front();
  if (next == queue_.end()) return std::nullopt;
  return wants_.find(next->second)->second.bytes;
}

std::uint32_t PeerWants::next_copies() {
  const auto next = front();
  return next == queue_.end() ? 0 : next->first.copies;
}

std::optional<Cid> PeerWants::next_block() {
  const auto next = front();
  if (next == queue_.end()) return std::nullopt;
  Want& want = wants_.find(next->second)->second;
  queue_.erase(next);
  queued_bytes_ -= static_cast<std::size_t>(want.bytes);
  want.queued = false;
  want.sending = true;
  return want.cid;
}

bool PeerWants::is_wanted(const Multihash& hash) const {
  const auto want = wants_.find(hash);
  return want != wants_.end() && !want->second.called_off;
}

void PeerWants::sent(const Multihash& hash) {
  const auto want = wants_.find(hash);
  if (want != wants_.end() && want->second.sending) erase(want);
}

void PeerWants::missing(const Multihash& hash) {
  const auto want = wants_.find(hash);
  if (want == wants_.end() || !want->second.sending) return;
  if (want->second.called_off) return erase(want);
  want->second.sending = false;
  answer(want, std::nullopt);
}

std::vector<Presence> PeerWants::take_presences(std::size_t count) {
  const auto end =
      presences_.begin() + static_cast<std::ptrdiff_t>(std::min(count, presences_.size()));
  std::vector<Presence> out(presences_.begin(), end);
  presences_.erase(presences_.begin(), end);
  for (const Presence& presence : out) {
    const auto want = wants_.find(presence.cid.hash());
    if (want != wants_.end()) want->second.told = false;
  }
  return out;
}

bool PeerWants::pay() {
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void PeerWants::refill(TimePoint now) {
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  tokens_ = std::min(kTokens, tokens_ + seconds * kTokensPerSecond);
  refilled_ = now;
}

}  // namespace shoal::content::bitswap
