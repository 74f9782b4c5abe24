#include "protocol/pex/exchange.h"

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "format/peer_record.h"
#include "net/framing.h"
#include "protocol/pex/roster.h"
#include "system/event.h"
#include "system/task_group.h"
#include "system/timeout.h"

namespace shoal::pex {

namespace {

/// Of one root here, while it is joined.
struct Root {
  explicit Root(Waits& waits) : changed(waits) {}

  Roster roster;
  std::list<std::pair<Exchange::Member*, bool>> members;  // and whether they have the whole
  std::map<PeerId, std::optional<bool>> asked;  // whose answers are read: have they the whole?
  std::size_t listeners = 0;
  std::uint64_t revision = 0;
  Event changed;

  bool joined() const { return !members.empty(); }
  bool whole() const {
    return std::ranges::any_of(members, [](const auto& member) { return member.second; });
  }
  void change() {
    ++revision;
    changed.notify_all();
  }
  /// Calls each member that is still there.
  template <class Call>
  void tell(Call call) {
    const auto all = members;
    for (const auto& [member, whole] : all) {
      const bool here = std::ranges::any_of(
          members, [told = member](const auto& one) { return one.first == told; });
      if (member != nullptr && here) call(*member);
    }
  }
};

using RootPtr = std::shared_ptr<Root>;

/// In the roster for as long as it lives.
class Entry {
 public:
  Entry(RootPtr root, PeerId peer, Bytes record) : root_(std::move(root)), peer_(std::move(peer)) {
    root_->roster.add(peer_, std::move(record));
    root_->change();
  }
  ~Entry() { root_->roster.remove(peer_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  const RootPtr root_;
  const PeerId peer_;
};

/// Whether `peer` has signed it.
bool is_record_of(const PeerId& peer, ByteView record) {
  if (record.empty()) return false;
  try {
    return open_peer_record(record).id == peer;
  } catch (const Error& error) {
    log_debug("{} shows a record that cannot be used: {}", peer.short_name(), error.what());
    return false;
  }
}

}  // namespace

struct Exchange::State : std::enable_shared_from_this<State> {
  State(System& world, net::Swarm& connections, std::function<Bytes()> seal)
      : system(world),
        swarm(connections),
        own_record(std::move(seal)),
        asking(world.waits, "peer exchange") {}

  static Task<void> serve(std::weak_ptr<State> weak, net::ProtocolStream stream);
  static Task<void> tell_news(System& system, Random& random, RootPtr root,
                              net::ProtocolStream& stream, std::optional<Named> self, bool listens);
  static Task<void> hold(Stream& stream, RootPtr root, bool& ended);
  static Task<void> ask(std::shared_ptr<State> self, RootPtr root, Cid cid, PeerId peer);
  static Task<void> read_names(State& state, RootPtr root, Cid cid, PeerId peer);
  static Task<void> meet(std::shared_ptr<State> self, RootPtr root, Cid cid, Named named,
                         Duration pause);
  Task<void> connect(const Named& named);
  void begin_to_ask(const RootPtr& root, const Cid& cid, Exchange::Member* member,
                    const PeerId& peer);
  void hear(const RootPtr& root, const PeerId& peer, const Names& names,
            std::unique_ptr<Entry>& entry);
  const Bytes& record();
  std::optional<Named> self() { return Named{swarm.local_peer(), record()}; }

  System& system;
  net::Swarm& swarm;
  const std::function<Bytes()> own_record;
  Bytes sealed;
  std::optional<TimePoint> sealed_at;
  std::map<Cid, RootPtr> roots;
  std::map<PeerId, std::size_t> streams;
  TaskGroup asking;
};

const Bytes& Exchange::State::record() {
  const TimePoint now = system.clock.now();
  if (!sealed_at || now - *sealed_at > kRecordLifetime) {
    sealed = own_record();
    if (sealed.size() > kMaxRecordBytes) sealed.clear();
    sealed_at = now;
  }
  return sealed;
}

Task<void> Exchange::State::serve(std::weak_ptr<State> weak, net::ProtocolStream stream) {
  const auto state = weak.lock();
  if (!state) co_return;
  System& system = state->system;
  Task<std::optional<Bytes>> reading = net::read_message(*stream.stream, kMaxMessageBytes);
  const std::optional<Bytes> bytes =
      co_await within(system.clock, kTimeout, std::move(reading), "a peer's question");
  if (!bytes) co_return;
  const Hello hello = Hello::decode(*bytes);
  const auto found = state->roots.find(hello.root);
  if (found == state->roots.end() || !found->second->joined()) {
    co_await stream.stream->close_write();
    co_return;
  }
  const RootPtr root = found->second;
  struct Counted {
    State& state;
    PeerId peer;
    Root& root;
    Counted(State& its_state, PeerId id, Root& its_root)
        : state(its_state), peer(std::move(id)), root(its_root) {
      ++state.streams[peer];
      ++root.listeners;
    }
    ~Counted() {
      --root.listeners;
      const auto count = state.streams.find(peer);
      if (--count->second == 0) state.streams.erase(count);
    }
  };
  const Counted counted(*state, stream.peer, *root);
  const bool listens =
      root->listeners <= kMaxListeners && state->streams[stream.peer] <= kMaxStreamsPerPeer;
  std::unique_ptr<Entry> entry;
  if (listens && is_record_of(stream.peer, hello.record)) {
    entry = std::make_unique<Entry>(root, stream.peer, hello.record);
  }
  root->tell([&](Member& member) { member.asked(stream.peer); });
  co_await tell_news(system, system.random, root, stream, state->self(), listens);
}

/// Until the root is left here or the asker ends the stream, which the next write shows.
Task<void> Exchange::State::tell_news(System& system, Random& random, RootPtr root,
                                      net::ProtocolStream& stream, std::optional<Named> self,
                                      bool listens) {
  Roster::Told told;
  bool said_whole = false;
  bool ended = false;
  TaskGroup holding(system.waits, "peer exchange listener");
  if (listens) holding.spawn(hold(*stream.stream, root, ended));
  std::exception_ptr failure;
  try {
    bool first = true;
    Duration pause = kNewsPause;
    while (!ended && root->joined()) {
      const std::uint64_t revision = root->revision;
      Names names{.whole = root->whole(), .peers = root->roster.news(stream.peer, told, random)};
      if (first && self && !self->record.empty()) {
        if (names.peers.size() == kMaxNames) names.peers.pop_back();
        names.peers.push_back(*self);
      }
      if (first || names.whole != said_whole || !names.peers.empty()) {
        const Bytes message = names.encode();
        said_whole = names.whole;
        first = false;
        co_await within(system.clock, kTimeout, net::write_message(*stream.stream, message),
                        "telling a peer of others");
      }
      if (!listens) break;
      co_await system.clock.sleep_for(pause);
      pause = std::min<Duration>(2 * pause, kLongestNewsPause);
      while (root->revision == revision && root->joined() && !ended) {
        co_await root->changed.wait();
      }
    }
    if (!ended) co_await stream.stream->close_write();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await holding.stop();
  if (failure) std::rethrow_exception(failure);
}

/// Sees the asker end its stream.
Task<void> Exchange::State::hold(Stream& stream, RootPtr root, bool& ended) {
  std::array<std::uint8_t, 1> more{};
  try {
    co_await stream.read_some(more);
  } catch (const Error&) {
    // It is over in any case.
  }
  ended = true;
  root->changed.notify_all();
}

Task<void> Exchange::State::ask(std::shared_ptr<State> self, RootPtr root, Cid cid, PeerId peer) {
  try {
    co_await read_names(*self, root, std::move(cid), peer);
  } catch (const Error& error) {
    log_debug("{} tells no peers: {}", peer.short_name(), error.what());
  }
  root->asked.erase(peer);
}

Task<void> Exchange::State::read_names(State& state, RootPtr root, Cid cid, PeerId peer) {
  net::Connection* connection = state.swarm.best(peer);
  if (connection == nullptr || !root->joined()) co_return;
  const std::array<std::string, 1> protocols = {kProtocol};
  net::ProtocolStream stream = co_await connection->open(protocols);
  const Bytes hello = Hello{std::move(cid), state.record()}.encode();
  co_await within(state.system.clock, kTimeout, net::write_message(*stream.stream, hello),
                  "asking for peers");
  std::unique_ptr<Entry> entry;
  while (root->joined()) {
    const std::optional<Bytes> bytes = co_await net::read_message(*stream.stream, kMaxMessageBytes);
    if (!bytes) co_return;
    state.hear(root, peer, Names::decode(*bytes), entry);
  }
}

Task<void> Exchange::State::meet(std::shared_ptr<State> self, RootPtr root, Cid cid, Named named,
                                 Duration pause) {
  if (pause > Duration::zero()) co_await self->system.clock.sleep_for(pause);
  if (!root->joined()) co_return;
  try {
    if (self->swarm.best(named.id) == nullptr) co_await self->connect(named);
  } catch (const Error& error) {
    log_debug("{} was named and is not reached: {}", named.id.short_name(), error.what());
  }
  const bool connected = self->swarm.best(named.id) != nullptr;
  root->tell([&](Member& member) { member.met(named.id, connected); });
  if (connected) self->begin_to_ask(root, cid, nullptr, named.id);
}

Task<void> Exchange::State::connect(const Named& named) {
  const PeerRecord record = open_peer_record(named.record);
  if (record.id != named.id) throw Error(ErrorCode::malformed, "another peer's record");
  for (const Multiaddr& address : record.addresses) {
    swarm.peers().add_address(named.id, address.without_peer(), net::AddressSource::signed_record,
                              kAddressLifetime);
  }
  co_await swarm.connect(named.id);
}

void Exchange::State::begin_to_ask(const RootPtr& root, const Cid& cid, Exchange::Member* member,
                                   const PeerId& peer) {
  const auto [asked, fresh] = root->asked.try_emplace(peer);
  if (fresh) {
    asking.spawn(ask(shared_from_this(), root, cid, peer));
  } else if (member != nullptr && asked->second) {
    member->answered(peer, *asked->second);
  }
}

void Exchange::State::hear(const RootPtr& root, const PeerId& peer, const Names& names,
                           std::unique_ptr<Entry>& entry) {
  root->asked[peer] = names.whole;
  root->tell([&](Member& member) { member.answered(peer, names.whole); });
  for (const Named& named : names.peers) {
    if (named.id == swarm.local_peer()) continue;
    if (named.id != peer) {
      root->tell([&](Member& member) { member.named(named); });
    } else if (!entry && is_record_of(peer, named.record)) {
      entry = std::make_unique<Entry>(root, peer, named.record);
    }
  }
}

namespace {

class JoinedScope final : public Exchange::Scope {
 public:
  using Ask = std::function<void(const PeerId&)>;
  using Meet = std::function<void(Named, Duration)>;
  using Leave = std::function<void()>;
  using Place = std::list<std::pair<Exchange::Member*, bool>>::iterator;

  JoinedScope(RootPtr root, Exchange::Member* member, bool whole, Ask ask, Meet meet, Leave leave)
      : root_(std::move(root)),
        place_(root_->members.emplace(root_->members.end(), member, whole)),
        ask_(std::move(ask)),
        meet_(std::move(meet)),
        leave_(std::move(leave)) {
    root_->change();
  }
  ~JoinedScope() override {
    root_->members.erase(place_);
    root_->change();
    if (!root_->joined()) leave_();
  }

  void ask(const PeerId& peer) override { ask_(peer); }
  void meet(Named peer, Duration pause) override { meet_(std::move(peer), pause); }
  void set_whole() override {
    if (!std::exchange(place_->second, true)) root_->change();
  }

 private:
  const RootPtr root_;
  const Place place_;
  const Ask ask_;
  const Meet meet_;
  const Leave leave_;
};

}  // namespace

Exchange::Exchange(System& system, net::Swarm& swarm, std::function<Bytes()> own_record)
    : state_(std::make_shared<State>(system, swarm, std::move(own_record))) {
  // Handlers belong to their connections, which may end after this.
  swarm.protocols().add(kProtocol, [weak = std::weak_ptr(state_)](net::ProtocolStream stream) {
    return State::serve(weak, std::move(stream));
  });
}

Exchange::~Exchange() = default;

std::unique_ptr<Exchange::Scope> Exchange::join(Cid root, bool whole, Member* member) {
  RootPtr& slot = state_->roots[root];
  if (!slot) slot = std::make_shared<Root>(state_->system.waits);
  const auto ask = [state = state_, joined = slot, root, member](const PeerId& peer) {
    state->begin_to_ask(joined, root, member, peer);
  };
  const auto meet = [state = state_, joined = slot, root](Named peer, Duration pause) {
    state->asking.spawn(State::meet(state, joined, root, std::move(peer), pause));
  };
  const auto leave = [state = state_, root] { state->roots.erase(root); };
  return std::make_unique<JoinedScope>(slot, member, whole, ask, meet, leave);
}

Task<void> Exchange::stop() {
  state_->swarm.protocols().remove(kProtocol);
  for (const auto& [root, joined] : state_->roots) joined->change();
  co_await state_->asking.stop();
}

}  // namespace shoal::pex
