#include "protocol/kad/lookup.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"
#include "system/timeout.h"

namespace shoal::kad {

namespace {

constexpr Duration kMinRequestLimit = 3s;

Rules rules_for(const LookupContext& context) {
  Rules out = context.rules;
  if (!out.radius && context.network_size != nullptr) out.radius = context.network_size->radius();
  return out;
}

std::vector<PeerId> ids_of(const std::vector<PeerInfo>& peers) {
  std::vector<PeerId> out;
  for (const PeerInfo& peer : peers) out.push_back(peer.id);
  return out;
}

}  // namespace

Duration request_limit(const Rules& rules, const Patience& patience) {
  if (rules.fixed_timeout) return *rules.fixed_timeout;
  return std::clamp(3 * patience.late_after, kMinRequestLimit, RoundTrips::kMaxLate);
}

Lookup::Lookup(LookupContext& context, Message request, AnswerSink sink)
    : context_(context),
      request_(std::move(request)),
      sink_(std::move(sink)),
      query_(Key::of(request_.key), context.self, rules_for(context),
             [this](const PeerId& peer) { return patience_for(peer); }),
      changed_(context.system.waits),
      requests_(context.system.waits, "DHT lookup") {}

Patience Lookup::patience_for(const PeerId& peer) const {
  const bool connected = context_.rpc.connected(peer);
  return context_.round_trips.expect(peer, connected ? Contact::connected : Contact::dialled);
}

Task<void> Lookup::run() {
  query_.add_seeds(context_.table.closest(query_.target(), context_.rules.replication));
  std::exception_ptr cancelled;
  try {
    co_await drive();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await requests_.stop();
  report_failures();
  if (cancelled) std::rethrow_exception(cancelled);
}

Task<void> Lookup::drive() {
  Clock& clock = context_.system.clock;
  while (true) {
    for (const PeerId& peer : query_.next(clock.now())) {
      learn(peer);
      requests_.spawn(ask(peer));
    }
    if (query_.done()) co_return;
    const auto tick = query_.next_tick();
    const std::size_t seen = events_;
    if (!tick) {
      co_await next_event(seen);
      continue;
    }
    try {
      co_await until(clock, *tick, next_event(seen), "an answer");
    } catch (const Error&) {
      // Somebody is slow or late; the query knows by the clock.
    }
  }
}

Task<void> Lookup::next_event(std::size_t seen) {
  while (events_ == seen) co_await changed_.wait();
}

Task<void> Lookup::ask(PeerId peer) {
  const Duration limit = request_limit(context_.rules, patience_for(peer));
  try {
    std::vector<Message> messages = {request_};
    const Answer answer = co_await context_.rpc.ask(peer, std::move(messages), limit);
    context_.round_trips.observe(peer, answer.contact, answer.took);
    context_.table.answered(peer, answer.took);
    note_addresses(answer.message);
    if (sink_ && !query_.done()) sink_(peer, answer.message);
    query_.answered(peer, ids_of(answer.message.closer), context_.system.clock.now());
  } catch (const Error&) {
    query_.failed(peer, context_.system.clock.now());
  }
  tell_hop(peer);
  ++events_;
  changed_.notify_all();
}

void Lookup::tell_hop(const PeerId& peer) const {
  if (!hop_sink_) return;
  for (const Hop& hop : query_.hops()) {
    if (hop.peer == peer) hop_sink_(hop);
  }
}

void Lookup::report_failures() const {
  if (query_.answer_count() == 0) return;
  for (const Hop& hop : query_.hops()) {
    const bool failed = hop.outcome == Hop::Outcome::failed || hop.outcome == Hop::Outcome::late;
    if (failed) context_.table.failed(hop.peer);
  }
}

/// Merged: the first to name a peer may be the one who lies about it.
void Lookup::note_addresses(const Message& answer) {
  for (const PeerInfo& peer : answer.closer) {
    if (addresses_.size() >= kMaxPeersNamed && !addresses_.contains(peer.id)) continue;
    std::vector<Multiaddr>& known = addresses_[peer.id];
    for (const Multiaddr& address : context_.rpc.usable(peer.addresses)) {
      if (known.size() >= PeerInfo::kMaxAddresses) break;
      if (std::ranges::find(known, address) == known.end()) known.push_back(address);
    }
  }
}

/// Only who is asked gets into the peer store: what answers name would fill it.
void Lookup::learn(const PeerId& peer) {
  const auto found = addresses_.find(peer);
  if (found == addresses_.end()) return;
  context_.rpc.learn({.id = peer, .addresses = std::move(found->second)});
  addresses_.erase(found);
}

}  // namespace shoal::kad
