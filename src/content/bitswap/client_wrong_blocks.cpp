#include <string>
#include <utility>

#include "base/log.h"
#include "content/bitswap/client_link.h"
#include "content/bitswap/session.h"

// Peers that send what nobody asked for, or other bytes than they owe.

namespace shoal::content::bitswap {

void Client::note_right(const PeerId& from, Link& link, const Multihash& hash) {
  const TimePoint now = system_.clock.now();
  if (!link.first_right) link.first_right = now;
  const auto lie = lies_.find(from);
  if (lie == lies_.end()) return;
  lie->second.mismatches.right(hash);
  lie->second.last_right = now;
}

void Client::take_unasked(const PeerId& from, const ReceivedBlock& block) {
  const Link* const link = find(from);
  if (link != nullptr && link->wantlist.owed() > 0) {
    expose(from, block);
    return;
  }
  if (swarm_.best(from) == nullptr) return;
  Unsolicited& unsolicited = unsolicited_[from];
  unsolicited.blocks += 1;
  unsolicited.bytes += block.bytes.size();
  if (unsolicited.blocks <= kMaxUnsolicitedBlocks && unsolicited.bytes <= kMaxUnsolicitedBytes)
    return;
  log_debug("{} sends blocks that nobody asked for: disconnected", from.short_name());
  unsolicited_.erase(from);
  swarm_.disconnect(from);
}

void Client::expose(const PeerId& liar, const ReceivedBlock& block) {
  if (const auto known = lies_.find(liar); known != lies_.end()) {
    known->second.mismatches.wrong();
    if (known->second.asked_again) conclude(liar);
    return;
  }
  Link& link = *find(liar);
  const TimePoint now = system_.clock.now();
  const bool doubtful = !link.first_right || now - *link.first_right < kInquiryTime;
  const std::uint64_t number = ++next_lie_;
  Lie lie{.number = number,
          .mismatches = MismatchTracker(link.wantlist.owed_blocks(), block.prefix),
          .bytes = block.bytes.size(),
          .doubtful = doubtful,
          .last_right = now,
          .asked_again = false};
  if (!doubtful) accuse(liar, lie);
  lies_.emplace(liar, std::move(lie));
  tasks_.spawn(conclude_later(liar, number));
}

void Client::accuse(const PeerId& liar, Lie& lie) {
  for (const auto& session : sessions()) {
    if (session->lied(liar)) lie.sessions.push_back(session->id());
  }
}

Task<void> Client::conclude_later(PeerId liar, std::uint64_t number) {
  TimePoint until = system_.clock.now() + kInquiryTime;
  while (true) {
    co_await system_.clock.sleep_until(until);
    const auto lie = lies_.find(liar);
    if (lie == lies_.end() || lie->second.number != number) co_return;
    if (!lie->second.doubtful) break;
    const TimePoint now = system_.clock.now();
    until = lie->second.last_right + kInquiryTime;
    if (until > now) continue;
    // Silence proves nothing: asked once more, an honest peer answers, and a liar lies once more.
    if (lie->second.asked_again) co_return forget_lie(liar);
    lie->second.asked_again = true;
    ask_again(liar);
    until = now + kInquiryTime;
  }
  conclude(liar);
}

void Client::ask_again(const PeerId& peer) {
  Link* const link = find(peer);
  if (link == nullptr) return;
  link->wantlist.forget_told();
  link->changed.notify_all();
}

void Client::conclude(const PeerId& liar) {
  const auto found = lies_.find(liar);
  if (found == lies_.end()) return;
  if (found->second.sessions.empty()) accuse(liar, found->second);
  const Lie lie = std::move(found->second);
  lies_.erase(found);
  if (Link* link = find(liar)) {
    for (const std::uint64_t session : lie.sessions) link->wantlist.withdraw(session);
    if (link->wantlist.has_changes()) link->changed.notify_all();
  }
  if (lie.sessions.empty()) {  // all that ask it know already
    settled_.notify_all();
    return;
  }
  std::string reason = "sent " + std::to_string(lie.bytes) + " bytes that are not this block";
  if (!lie.mismatches.certain()) {
    reason = "sent " + std::to_string(lie.bytes) + " bytes that match none of the " +
             std::to_string(lie.mismatches.suspects()) +
             " blocks it owed, of which this is the first";
  }
  log_debug("{} {}: {}", liar.short_name(), reason, lie.mismatches.suspect().to_string());
  if (bad_) bad_({liar, reason, lie.mismatches.suspect()});
  for (const auto& session : sessions()) session->exposed(liar, reason);
  settled_.notify_all();
}

/// It was none.
void Client::forget_lie(const PeerId& peer) {
  const auto node = lies_.extract(peer);
  if (node.empty()) return;
  for (const auto& [session, cid] : node.mapped().withdrawn) {
    set_want(peer, session, cid, Ask::nothing, 0, false);
  }
  settled_.notify_all();
}

Task<void> Client::settle() {
  while (!lies_.empty() && !tasks_.stopping()) co_await settled_.wait();
}

}  // namespace shoal::content::bitswap
