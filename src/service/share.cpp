#include "service/share.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "content/served/served_tree.h"
#include "service/delivery.h"
#include "service/done.h"
#include "service/link_addresses.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::service {

namespace {

// After its last block a peer has so long to say that it is done; then it counts all the same.
constexpr Duration kSettleTime = 2s;
// Between tries to announce it while there is nobody to tell.
constexpr Duration kFirstAnnouncePause = 500ms;
constexpr Duration kLongestPause = 30s;

}  // namespace

struct Share::State final : net::ConnectionObserver, DoneListener::Observer, pex::Exchange::Member {
  State(Context parts, DoneListener& listener);

  void connected(net::Connection&) override {}
  void disconnected(net::Connection& connection) override;
  void on_sent(const content::Sent& sent);
  void done(const PeerId& peer, const Cid& root) override;
  void asked(const PeerId& peer) override { bitswap.note_sharing(peer); }
  void answered(const PeerId&, bool) override {}
  void named(const pex::Named&) override {}
  void met(const PeerId&, bool) override {}
  /// Whether a block counts as one of this share.
  bool counts(const Multihash& hash) const;
  Task<void> settle(PeerId peer);
  void tell(const PeerId& peer, bool complete);
  /// From its return on peers get answers for the tree below `root`.
  Task<void> serve(Cid root);
  Task<void> announce(Cid root, std::function<void(const routing::Provided&)> findable);
  Task<void> stop();

  /// Of a connected peer.
  struct Receiver {
    std::uint64_t bytes = 0;  // not told yet
    Delivery delivery;
    bool delivered = false;  // every block, and nobody was told yet
    bool counted = false;    // without its word
    bool said = false;       // that it has it all
  };

  System& system;
  net::Swarm& swarm;
  content::BlockStore& store;
  content::Bitswap& bitswap;
  routing::Routing& routing;
  pex::Exchange* const exchange;
  DoneListener& done_listener;
  std::unique_ptr<content::Importer> importer;
  std::optional<content::ImportResult> result;
  std::unique_ptr<content::ServedBlocks::Scope> served;
  std::unique_ptr<pex::Exchange::Scope> named_to_each_other;  // those who get this
  std::map<PeerId, Receiver> receivers;
  std::function<void(const SentToPeer&)> when_sent;
  std::set<std::string> missed;  // files that were told of
  std::uint64_t complete_downloads = 0;
  std::uint64_t bytes_sent = 0;
  TaskGroup tasks;
  Subscription sent_blocks;
  Subscription missed_blocks;
};

Share::State::State(Context parts, DoneListener& listener)
    : system(parts.system),
      swarm(parts.swarm),
      store(parts.store),
      bitswap(parts.bitswap),
      routing(parts.routing),
      exchange(parts.exchange),
      done_listener(listener),
      tasks(system.waits, "share"),
      sent_blocks(bitswap.when_sent([this](const content::Sent& sent) { on_sent(sent); })) {
  done_listener.add(*this);
  swarm.add_observer(*this);
}

bool Share::State::counts(const Multihash& hash) const {
  return result && served && served->contains(hash);
}

void Share::State::on_sent(const content::Sent& sent) {
  if (!counts(sent.cid.hash()) || swarm.best(sent.peer) == nullptr) return;
  bytes_sent += sent.bytes;
  Receiver& receiver = receivers[sent.peer];
  receiver.bytes += sent.bytes;
  if (!receiver.delivery.sent(*served, sent.cid.hash())) return;
  receiver.delivered = true;
  tasks.spawn(settle(sent.peer));
}

Task<void> Share::State::settle(PeerId peer) {
  co_await system.clock.sleep_for(kSettleTime);
  const auto found = receivers.find(peer);
  if (found == receivers.end() || !found->second.delivered) co_return;
  found->second.delivered = false;
  found->second.counted = true;
  tell(peer, true);
}

void Share::State::done(const PeerId& peer, const Cid& root) {
  if (!result || root != result->root) return;
  Receiver& receiver = receivers[peer];
  // Once said is enough, until it has been sent more.
  if (receiver.said && receiver.bytes == 0) return;
  const bool counted = receiver.counted;
  if (!counted) tell(peer, true);
  // What it gets from here on is another download.
  receiver = {};
  receiver.said = true;
}

void Share::State::disconnected(net::Connection& connection) {
  const PeerId peer = connection.peer();
  if (swarm.best(peer) != nullptr) return;
  const auto found = receivers.find(peer);
  if (found == receivers.end()) return;
  if (found->second.delivered || found->second.bytes > 0) tell(peer, found->second.delivered);
  receivers.erase(peer);
}

void Share::State::tell(const PeerId& peer, bool complete) {
  if (complete) ++complete_downloads;
  const std::uint64_t bytes = std::exchange(receivers[peer].bytes, 0);
  if (when_sent) when_sent({.peer = peer, .bytes = bytes, .complete = complete});
}

Task<void> Share::State::serve(Cid root) {
  auto scope = bitswap.served().open();
  co_await content::serve_tree(system, store, root, *scope);
  served = std::move(scope);
  if (exchange != nullptr) named_to_each_other = exchange->join(std::move(root), true, this);
  bitswap.offer_all();
}

/// Again until somebody was told: there may be nobody yet.
Task<void> Share::State::announce(Cid root,
                                  std::function<void(const routing::Provided&)> findable) {
  std::size_t told = 0;
  const auto tell = [&told, &findable](const routing::Provided& provided) {
    ++told;
    if (findable) findable(provided);
  };
  Duration pause = kFirstAnnouncePause;
  while (true) {
    co_await routing.provide(root, tell);
    if (told > 0) co_return;
    co_await system.clock.sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

Task<void> Share::State::stop() {
  if (result) routing.withdraw(result->root);
  done_listener.remove(*this);
  served.reset();
  named_to_each_other.reset();
  swarm.remove_observer(*this);
  sent_blocks.end();
  missed_blocks.end();
  co_await tasks.stop();
}

Share::Share(Context context, DoneListener& done)
    : state_(std::make_unique<State>(context, done)) {}

Share::~Share() = default;

Task<content::ImportResult> Share::index(std::vector<std::string> paths,
                                         content::ImportOptions options) {
  SHOAL_CHECK(!state_->importer);
  state_->importer =
      std::make_unique<content::Importer>(state_->system, &state_->store, std::move(options));
  content::ImportResult imported = co_await state_->importer->import(std::move(paths));
  co_await state_->serve(imported.root);
  state_->result = imported;
  co_return imported;
}

Task<void> Share::adopt(Cid root) {
  SHOAL_CHECK(!state_->result);
  co_await state_->serve(root);
  state_->result = content::ImportResult{.root = std::move(root), .name = {}, .warnings = {}};
}

void Share::announce(std::function<void(const routing::Provided&)> findable) {
  SHOAL_CHECK(state_->result.has_value());
  state_->tasks.spawn(state_->announce(state_->result->root, std::move(findable)));
}

content::ImportProgress Share::progress() const {
  return state_->importer ? state_->importer->progress() : content::ImportProgress{};
}

Link Share::link(const std::vector<Multiaddr>& addresses) const {
  SHOAL_CHECK(state_->result.has_value());
  return {.cid = state_->result->root,
          .path = {},
          .filename = state_->result->name,
          .providers = link_addresses(addresses)};
}

void Share::when_sent(std::function<void(const SentToPeer&)> callback) {
  state_->when_sent = std::move(callback);
}

void Share::when_missed(std::function<void(const std::string&)> callback) {
  const auto tell_once = [state = state_.get(), tell = std::move(callback)](
                             const Multihash& hash, const std::string& path) {
    if (state->counts(hash) && state->missed.insert(path).second) tell(path);
  };
  state_->missed_blocks = state_->store.when_missed(tell_once);
}

std::uint64_t Share::complete_downloads() const {
  return state_->complete_downloads;
}

std::uint64_t Share::bytes_sent() const {
  return state_->bytes_sent;
}

std::uint64_t Share::bytes_leaving() const {
  const State& state = *state_;
  if (!state.result) return 0;
  return state.bitswap.bytes_leaving(
      [&state](const Multihash& hash) { return state.counts(hash); });
}

Task<void> Share::stop() {
  return state_->stop();
}

Task<void> tell_done(System& system, net::Swarm& swarm, PeerId peer, Cid root) {
  net::Connection* connection = swarm.best(peer);
  const auto* spoken = swarm.peers().protocols(peer);
  if (connection == nullptr) co_return;
  if (spoken != nullptr && !swarm.peers().speaks(peer, kDoneProtocol)) co_return;
  const std::array<std::string, 1> protocols = {kDoneProtocol};
  try {
    net::ProtocolStream stream = co_await connection->open(protocols);
    co_await within(system.clock, kDoneTimeout, write_done(*stream.stream, std::move(root)),
                    "telling a sharer");
  } catch (const Error&) {
    // It is the sharer's count, not ours.
  }
}

}  // namespace shoal::service
