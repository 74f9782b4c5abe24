#include "content/bitswap/client.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "content/bitswap/holder_search.h"
#include "content/bitswap/session.h"

namespace shoal::content::bitswap {

namespace {

constexpr Duration kRetryPause = 200ms;

class SessionHandle final : public Session {
 public:
  SessionHandle(Client& client, std::shared_ptr<SessionState> state)
      : client_(client), state_(std::move(state)) {}
  ~SessionHandle() override { client_.end_session(*state_); }

  void add_peer(const PeerId& peer) override { state_->add_peer(peer); }
  void add_neighbour(const PeerId& peer) override { state_->add_neighbour(peer); }
  void set_role(const PeerId& peer, PeerRole role) override { state_->set_role(peer, role); }
  bool together() const override { return state_->together(); }
  void bound_memory() override { state_->bound_memory(); }
  void expect_peers(bool more) override { state_->expect_peers(more); }
  Task<Block> fetch(Cid cid) override {
    return SessionState::fetch(state_, std::move(cid), WantTable::Kind::part);
  }
  Task<Block> fetch_root(Cid cid) override {
    return SessionState::fetch(state_, std::move(cid), WantTable::Kind::root);
  }
  Task<void> settle() override { return client_.settle(); }
  const SessionCounts& counts() const override { return state_->counts(); }
  std::size_t bytes_arriving() const override { return state_->bytes_arriving(); }
  std::size_t live_peers() const override { return state_->live_peers(); }
  std::vector<Trouble> troubles() const override { return state_->troubles(); }

 private:
  Client& client_;
  std::shared_ptr<SessionState> state_;
};

}  // namespace

/// What goes to one peer while it is connected.
struct Client::Link {
  Link(System& system, net::Swarm& swarm, const PeerId& peer)
      : id(peer), out(system, swarm, peer), changed(system.waits) {}

  const PeerId id;
  Wantlist wantlist;
  OutboundStream out;
  Event changed;
  net::IngressLimiter::Solicited expected;  // while the peer owes us answers
  std::optional<TimePoint> first_right;     // answer
  bool ended = false;
};

Client::Client(System& system, net::Swarm& swarm, Tuning tuning, Arriving arriving)
    : system_(system),
      swarm_(swarm),
      tuning_(tuning),
      arriving_(std::move(arriving)),
      settled_(system.waits),
      in_hand_(std::make_shared<InHand>(system.waits)),
      tasks_(system.waits, "bitswap client") {}

Client::~Client() = default;

std::unique_ptr<Session> Client::session(Asks whom) {
  auto state = std::make_shared<SessionState>(*this, ++next_session_, tuning_, whom);
  sessions_.push_back(state);
  state->start();
  return std::make_unique<SessionHandle>(*this, std::move(state));
}

std::shared_ptr<void> Client::who_has(Cid cid, std::function<void(const PeerId&)> found) {
  const auto end = [this](HolderSearch* search) {
    search->end();
    std::erase_if(holder_searches_, [](const auto& one) { return one.expired(); });
    delete search;
  };
  std::shared_ptr<HolderSearch> search(
      new HolderSearch(*this, ++next_session_, std::move(cid), std::move(found)), end);
  holder_searches_.push_back(search);
  search->start();
  return search;
}

std::vector<std::shared_ptr<HolderSearch>> Client::holder_searches() const {
  std::vector<std::shared_ptr<HolderSearch>> out;
  for (const auto& one : holder_searches_) {
    if (auto search = one.lock()) out.push_back(std::move(search));
  }
  return out;
}

void Client::end_session(SessionState& session) {
  session.end();
  std::erase_if(sessions_, [&](const auto& one) { return one.get() == &session; });
}

void Client::receive(const PeerId& from, const Message& message) {
  if (message.presences.empty()) return;
  for (const auto& search : holder_searches()) {
    for (const Presence& presence : message.presences) search->presence(from, presence);
  }
  for (const auto& session : sessions()) {
    if (!session->has_peer(from)) continue;
    for (const Presence& presence : message.presences) session->presence(from, presence);
  }
}

bool Client::receive_blocks(const PeerId& from, std::vector<ReceivedBlock> blocks) {
  bool any = false;
  for (ReceivedBlock& block : blocks) any = take_block(from, std::move(block)) || any;
  if (Link* known = find(from)) update_expectation(*known);
  return any;
}

bool Client::take_block(const PeerId& from, ReceivedBlock block) {
  Link* const link = find(from);
  const bool asked = block.hash && link != nullptr && link->wantlist.was_asked(*block.hash);
  if (asked) note_right(from, *link, *block.hash);
  bool wanted = false;
  for (const auto& session : sessions()) {
    if (!block.hash || !session->wants(*block.hash)) continue;
    // First, so that it is not told to forget what it has just answered.
    if (link != nullptr) link->wantlist.answered(*block.hash);
    session->deliver(from, *block.hash, block.bytes);
    wanted = true;
  }
  if (asked && !wanted) {
    link->wantlist.answered(*block.hash);
    for (const auto& session : sessions()) session->duplicate(from, block.bytes.size());
  }
  if (!asked && !wanted) take_unasked(from, block);
  const auto lie = lies_.find(from);
  if (lie == lies_.end()) return wanted;
  if (lie->second.mismatches.cleared()) {
    forget_lie(from);
  } else if (!lie->second.doubtful && lie->second.mismatches.certain()) {
    conclude(from);
  }
  return wanted;
}

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

void Client::connected(const PeerId& peer) {
  if (Link* known = find(peer)) {
    if (known->out.leave_worse_connection()) known->wantlist.forget_told();
    known->changed.notify_all();
  }
  for (const auto& session : sessions()) session->connected(peer);
  for (const auto& search : holder_searches()) search->connected(peer);
}

void Client::disconnected(const PeerId& peer, net::ConnectionId connection, bool was_last) {
  if (was_last) unsolicited_.erase(peer);
  if (Link* known = find(peer)) {
    known->out.disconnected(connection);
    // Another connection may live: what was under way over this one is asked again over that.
    known->wantlist.forget_told();
    known->changed.notify_all();
    if (was_last) {
      known->ended = true;
      links_.erase(peer);
    }
  }
  if (!was_last) return;
  const auto lie = lies_.find(peer);
  if (lie != lies_.end() && lie->second.doubtful) {
    forget_lie(peer);
  } else {
    conclude(peer);
  }
  for (const auto& session : sessions()) session->disconnected(peer);
}

Task<void> Client::stop() {
  for (const auto& session : sessions()) session->end();
  sessions_.clear();
  for (const auto& [id, one] : links_) {
    one->ended = true;
    one->changed.notify_all();
  }
  settled_.notify_all();
  co_await tasks_.stop();
  links_.clear();
}

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
    if (!link->out.was_open()) co_await system_.clock.sleep_for(kRetryPause);
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
