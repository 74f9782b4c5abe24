#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "content/bitswap/client_link.h"
#include "content/bitswap/session.h"

// What goes to each peer: our wants, as they change.

namespace shoal::content::bitswap {

namespace {

constexpr Duration kWantsRetryPause = 200ms;

}  // namespace

void Client::set_want(const PeerId& peer, std::uint64_t session, const Cid& cid, Ask ask,
                      std::uint64_t order, bool again, bool can_wait) {
  Link* known = find(peer);
  if (known == nullptr) {
    if (ask == Ask::nothing || swarm_.best(peer) == nullptr) return;
    known = &link(peer);
  }
  if (const auto lie = lies_.find(peer); lie != lies_.end()) {
    auto& withdrawn = lie->second.withdrawn;
    std::erase(withdrawn, std::pair(session, cid));
    // What it is suspected about stays asked: its answer clears it.
    if (ask == Ask::nothing && lie->second.mismatches.suspects(cid.hash())) {
      withdrawn.emplace_back(session, cid);
      return;
    }
  }
  const bool had_changes = known->wantlist.has_changes();
  known->wantlist.set(session, cid, ask, order, again, can_wait);
  const bool first = !had_changes && known->wantlist.has_changes();
  if (first || known->wantlist.has_urgent_changes()) known->changed.notify_all();
}

Client::Link& Client::link(const PeerId& peer) {
  auto made = std::make_shared<Link>(system_, swarm_, peer);
  links_.emplace(peer, made);
  tasks_.spawn(send_wants(made));
  return *made;
}

Client::Link* Client::find(const PeerId& peer) {
  const auto found = links_.find(peer);
  return found == links_.end() ? nullptr : found->second.get();
}

Task<void> Client::send_wants(std::shared_ptr<Link> link) {
  int failures = 0;
  while (!link->ended) {
    if (!link->wantlist.has_changes()) {
      co_await link->changed.wait();
      continue;
    }
    if (!link->wantlist.has_urgent_changes()) {
      co_await wait_for_more(link);
      if (link->ended) break;
    }
    std::string failure;
    try {
      co_await send_changes(*link);
      failures = 0;
    } catch (const Error& error) {
      failure = error.message();
      link->wantlist.forget_told();
    }
    if (failure.empty() || link->ended) continue;
    if (++failures == kMaxFailures) {
      for (const auto& session : sessions()) session->useless(link->id, failure);
      failures = 0;
      link->wantlist = Wantlist();
      update_expectation(*link);
      continue;
    }
    if (!link->out.was_open()) co_await system_.clock.sleep_for(kWantsRetryPause);
  }
}

/// What comes next goes out with it.
Task<void> Client::wait_for_more(std::shared_ptr<Link> link) {
  Clock& clock = system_.clock;
  const auto go_on = [link] { link->changed.notify_all(); };
  const Waits::Id call = clock.call_at(clock.now() + kCanWait, go_on);
  co_await link->changed.wait();
  clock.call_off(call);
}

void Client::update_expectation(Link& link) {
  const bool expects = link.wantlist.told() > 0;
  if (expects == static_cast<bool>(link.expected)) return;
  link.expected = expects ? swarm_.solicit(link.id) : net::IngressLimiter::Solicited();
}

Task<void> Client::send_changes(Link& link) {
  const bool opened = co_await link.out.ready();
  const Message message = link.wantlist.take(opened, link.out.version());
  update_expectation(link);
  if (message.empty() || system_.faults.fires("bitswap.lose_wants")) co_return;
  const EncodedMessage encoded = encode_message(message, link.out.version());
  co_await link.out.write(encoded);
}

}  // namespace shoal::content::bitswap
