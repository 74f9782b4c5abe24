#include "net/swarm/connection_manager.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace shoal::net {

namespace {

void check_name(const std::string& name, std::size_t held) {
  if (name.size() > ConnectionManager::kMaxNameBytes) {
    throw Error(ErrorCode::limit, "the name of a tag is too long", name);
  }
  if (held >= ConnectionManager::kMaxNamesPerPeer) {
    throw Error(ErrorCode::limit, "too many tags on one peer", name);
  }
}

}  // namespace

std::int64_t ConnectionManager::Entry::value() const {
  std::int64_t sum = 0;
  for (const auto& [name, value] : tags) sum += value;
  return sum;
}

const ConnectionManager::Entry* ConnectionManager::find(const PeerId& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : &found->second;
}

ConnectionManager::Entry& ConnectionManager::entry(const PeerId& peer) {
  if (!peers_.contains(peer)) make_room();
  return peers_[peer];
}

void ConnectionManager::make_room() {
  if (peers_.size() < kMaxPeers) return;
  auto lowest = peers_.end();
  for (auto at = peers_.begin(); at != peers_.end(); ++at) {
    if (!at->second.protections.empty()) continue;
    if (lowest == peers_.end() || at->second.value() < lowest->second.value()) lowest = at;
  }
  if (lowest == peers_.end()) throw Error(ErrorCode::limit, "too many protected peers");
  peers_.erase(lowest);
}

void ConnectionManager::forget_if_empty(const PeerId& peer) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  if (found->second.tags.empty() && found->second.protections.empty()) peers_.erase(found);
}

void ConnectionManager::tag(const PeerId& peer, const std::string& name, std::int32_t value) {
  const Entry* known = find(peer);
  const bool fresh = known == nullptr || !known->tags.contains(name);
  check_name(name, known != nullptr && fresh ? known->tags.size() : 0);
  entry(peer).tags[name] = value;
}

void ConnectionManager::untag(const PeerId& peer, const std::string& name) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  found->second.tags.erase(name);
  forget_if_empty(peer);
}

void ConnectionManager::protect(const PeerId& peer, const std::string& reason) {
  const Entry* known = find(peer);
  const bool fresh = known == nullptr || !known->protections.contains(reason);
  check_name(reason, known != nullptr && fresh ? known->protections.size() : 0);
  entry(peer).protections.insert(reason);
}

void ConnectionManager::unprotect(const PeerId& peer, const std::string& reason) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  found->second.protections.erase(reason);
  forget_if_empty(peer);
}

bool ConnectionManager::is_protected(const PeerId& peer) const {
  const Entry* known = find(peer);
  return known != nullptr && !known->protections.empty();
}

std::int64_t ConnectionManager::value(const PeerId& peer) const {
  const Entry* known = find(peer);
  return known == nullptr ? 0 : known->value();
}

std::vector<std::string> ConnectionManager::reasons(const PeerId& peer) const {
  const Entry* known = find(peer);
  if (known == nullptr) return {};
  std::vector<std::string> out(known->protections.begin(), known->protections.end());
  for (const auto& [name, value] : known->tags) out.push_back(name + "=" + std::to_string(value));
  return out;
}

ConnectionManager::Rank ConnectionManager::rank(const PeerId& peer,
                                                const ConnectionUse& use) const {
  return {.value = value(peer),
          .has_transfer = use.last_transfer.has_value(),
          .has_streams = use.own_streams + use.served_streams > 0,
          .was_in_order = use.streams_in_order > 0,
          .uncrowded = -static_cast<std::int64_t>(use.crowd),
          .last_used = use.last_used};
}

Duration ConnectionManager::grace(std::size_t open, TimePoint now) const {
  const std::size_t over = open - marks_.high;
  if (over >= marks_.high || now - *above_since_ >= kLongestOvershoot) return {};
  return marks_.grace / static_cast<std::int64_t>(marks_.high) *
         static_cast<std::int64_t>(marks_.high - over);
}

bool ConnectionManager::may_trim(const Candidate& candidate, Duration grace, TimePoint now) const {
  const ConnectionUse& use = candidate.use;
  if (use.solicited || is_protected(candidate.peer)) return false;
  if (use.last_transfer && now - *use.last_transfer < kTransferGrace) return false;
  if (grace == Duration{}) return true;
  return use.own_streams == 0 && now - use.opened_at >= grace;
}

std::vector<ConnectionId> ConnectionManager::excess(std::span<const Candidate> open,
                                                    TimePoint now) {
  if (open.size() <= marks_.high) {
    above_since_.reset();
    return {};
  }
  if (!above_since_) above_since_ = now;
  const Duration allowed = grace(open.size(), now);
  std::vector<std::pair<Rank, ConnectionId>> ranked;
  for (const Candidate& candidate : open) {
    if (!may_trim(candidate, allowed, now)) continue;
    ranked.emplace_back(rank(candidate.peer, candidate.use), candidate.id);
  }
  std::ranges::sort(ranked);
  const std::size_t count =
      std::min(ranked.size(), open.size() - std::min(marks_.low, open.size()));
  std::vector<ConnectionId> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(ranked[i].second);
  if (open.size() - count <= marks_.high) above_since_.reset();
  return out;
}

std::vector<ConnectionId> ConnectionManager::idle(std::span<const Candidate> open,
                                                  TimePoint now) const {
  std::vector<ConnectionId> out;
  for (const Candidate& candidate : open) {
    const ConnectionUse& use = candidate.use;
    const bool wanted = use.solicited || use.own_streams + use.served_streams > 0 ||
                        find(candidate.peer) != nullptr;
    if (!wanted && now - use.last_used >= marks_.idle_timeout) out.push_back(candidate.id);
  }
  return out;
}

}  // namespace shoal::net
