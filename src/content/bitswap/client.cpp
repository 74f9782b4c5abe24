#include "content/bitswap/client.h"

#include <algorithm>
#include <utility>

#include "content/bitswap/client_link.h"
#include "content/bitswap/holder_search.h"
#include "content/bitswap/session.h"

namespace shoal::content::bitswap {

namespace {

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

void Client::connected(const PeerId& peer) {
  if (Link* known = find(peer)) {
    if (known->out.leave_worse_connection()) known->wantlist.forget_told();
    known->changed.notify_all();
  }
  for (const auto& session : sessions()) session->connected(peer);
  for (const auto& search : holder_searches()) search->connected(peer);
}

void Client::disconnected(const net::Connection& connection, bool was_last) {
  const PeerId& peer = connection.peer();
  if (was_last) unsolicited_.erase(peer);
  if (Link* known = find(peer)) {
    known->out.disconnected(connection.id());
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
  for (const auto& session : sessions()) session->disconnected(peer, connection.ended_in_order());
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

}  // namespace shoal::content::bitswap
