#include "content/bitswap/wantlist.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace shoal::content::bitswap {

namespace {

/// What was asked for first comes first.
std::int32_t priority_of(std::uint64_t order) {
  constexpr std::int32_t kHighest = std::numeric_limits<std::int32_t>::max();
  return kHighest - static_cast<std::int32_t>(std::min<std::uint64_t>(order, kHighest - 1));
}

}  // namespace

void Wantlist::set(SessionId session, const Cid& cid, Ask ask, std::uint64_t order, bool again,
                   bool can_wait) {
  const auto [found, added] = entries_.try_emplace(cid.hash(), Entry{cid, {}, order});
  Entry& entry = found->second;
  std::erase_if(entry.asks, [session](const auto& one) { return one.first == session; });
  if (ask != Ask::nothing) entry.asks.emplace_back(session, ask);
  if (again) set_told(entry, Ask::nothing);
  if (wished(entry) != entry.told) {
    mark(entry, can_wait);
  } else if (entry.told == Ask::nothing && !entry.changed) {
    entries_.erase(found);
  }
}

void Wantlist::answered(const Multihash& hash) {
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return;
  // It may come again: over a connection that broke, or because it was said twice.
  excuse(hash);
  set_told(found->second, Ask::nothing);
}

void Wantlist::withdraw(SessionId session) {
  const auto is_its = [session](const auto& ask) { return ask.first == session; };
  for (Entry* entry : in_order()) {
    if (std::erase_if(entry->asks, is_its) == 0) continue;
    if (wished(*entry) != entry->told) {
      mark(*entry);
    } else if (entry->told == Ask::nothing && !entry->changed) {
      entries_.erase(entries_.find(entry->cid.hash()));
    }
  }
}

std::vector<Cid> Wantlist::owed_blocks() {
  std::vector<Cid> out;
  for (const Entry* entry : in_order()) {
    if (entry->told == Ask::block) out.push_back(entry->cid);
  }
  return out;
}

void Wantlist::forget_told() {
  for (Entry* entry : in_order()) {
    if (entry->told == Ask::nothing) continue;
    excuse(entry->cid.hash());
    set_told(*entry, Ask::nothing);
    mark(*entry);
  }
}

std::vector<Wantlist::Entry*> Wantlist::in_order() {
  std::vector<Entry*> out;
  out.reserve(entries_.size());
  for (auto& [hash, entry] : entries_) out.push_back(&entry);
  std::ranges::sort(out, [](const Entry* one, const Entry* other) {
    return one->order != other->order ? one->order < other->order
                                      : one->cid.hash() < other->cid.hash();
  });
  return out;
}

Message Wantlist::take(bool full, Version version) {
  if (full) forget_told();
  urgent_ = false;
  Message out;
  out.full = full;
  for (const Multihash& hash : std::exchange(changed_, {})) {
    const auto found = entries_.find(hash);
    if (found == entries_.end()) continue;
    found->second.changed = false;
    tell(out, found->second, version);
    if (found->second.asks.empty()) entries_.erase(found);
  }
  return out;
}

void Wantlist::tell(Message& out, Entry& entry, Version version) {
  const Ask wish = wished(entry);
  if (wish == entry.told) return;
  if (wish == Ask::nothing) {
    out.wants.push_back({entry.cid, 0, true, WantType::block, false});
    excuse(entry.cid.hash());
    set_told(entry, wish);
    return;
  }
  if (entry.told == Ask::nothing && told_ >= kMaxWants) {
    entry.changed = true;
    deferred_.push_back(entry.cid.hash());
    return;
  }
  const bool have = wish == Ask::have && version == Version::v1_2;
  const WantType type = have ? WantType::have : WantType::block;
  out.wants.push_back({entry.cid, priority_of(entry.order), false, type, true});
  // One who was asked for the block may be sending it already.
  if (entry.told == Ask::block) excuse(entry.cid.hash());
  set_told(entry, wish);
}

bool Wantlist::was_asked(const Multihash& hash) const {
  const auto found = entries_.find(hash);
  if (found != entries_.end() && found->second.told != Ask::nothing) return true;
  return excused_.contains(hash);
}

Ask Wantlist::wished(const Entry& entry) {
  Ask out = Ask::nothing;
  for (const auto& [session, ask] : entry.asks) out = std::max(out, ask);
  return out;
}

void Wantlist::set_told(Entry& entry, Ask told) {
  told_ += (told != Ask::nothing) - (entry.told != Ask::nothing);
  owed_ += (told == Ask::block) - (entry.told == Ask::block);
  entry.told = told;
  if (told_ >= kMaxWants || deferred_.empty()) return;
  changed_.insert(changed_.end(), deferred_.begin(), deferred_.end());
  deferred_.clear();
  urgent_ = true;
}

void Wantlist::mark(Entry& entry, bool can_wait) {
  if (!can_wait) urgent_ = true;
  if (std::exchange(entry.changed, true)) return;
  changed_.push_back(entry.cid.hash());
}

void Wantlist::excuse(const Multihash& hash) {
  if (!excused_.insert(hash).second) return;
  excused_order_.push_back(hash);
  if (excused_order_.size() <= kMaxExcused) return;
  excused_.erase(excused_order_.front());
  excused_order_.pop_front();
}

}  // namespace shoal::content::bitswap
