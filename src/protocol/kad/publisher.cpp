#include "protocol/kad/publisher.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include "base/error.h"
#include "system/event.h"

namespace shoal::kad {

namespace {

Message get_providers(const Multihash& content) {
  Message out;
  out.type = MessageType::get_providers;
  out.key = to_bytes(content.encoded());
  return out;
}

Message put_value_message(Bytes key, Bytes value) {
  Message out;
  out.type = MessageType::put_value;
  out.key = key;
  out.record = Record{.key = std::move(key), .value = std::move(value), .time_received = {}};
  return out;
}

/// Whether the answer shows that the request before it was taken.
bool shows_record(const PeerId& self, const Message& request, const Message& answer) {
  if (request.type == MessageType::put_value) {
    return answer.record && request.record && answer.record->value == request.record->value;
  }
  // Of content that many have, an answer does not name all.
  return answer.providers.size() >= Message::kMaxPeers ||
         std::ranges::find(answer.providers, self, &PeerInfo::id) != answer.providers.end();
}

}  // namespace

/// One record on its way to the closest peers. Those that fail are replaced by the next.
struct Publisher::Spread {
  Spread(Waits& waits, std::vector<Message> its_messages)
      : messages(std::move(its_messages)), changed(waits) {}

  /// To be told after those that are there; each peer once.
  void add(std::span<const PeerId> nearest_first) {
    for (const PeerId& peer : nearest_first) {
      if (known.insert(peer).second) targets.push_back(peer);
    }
  }
  std::size_t untold() const { return targets.size() - next; }

  const std::vector<Message> messages;
  std::vector<PeerId> targets;
  std::set<PeerId> known;
  std::size_t next = 0;
  std::size_t running = 0;
  std::size_t holders = 0;
  bool looking = false;
  Event changed;
};

/// It is being found out who the closest are, for as long as this lives.
struct Publisher::Looking {
  explicit Looking(std::shared_ptr<Spread> its_spread) : spread(std::move(its_spread)) {
    spread->looking = true;
  }
  ~Looking() {
    spread->looking = false;
    spread->changed.notify_all();
  }
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;

  const std::shared_ptr<Spread> spread;
};

/// Counts a store for as long as it runs, also when it is cancelled.
struct Publisher::Store {
  Store(Publisher& its_publisher, std::shared_ptr<Spread> its_spread)
      : publisher(its_publisher), spread(std::move(its_spread)) {
    ++publisher.running_;
    ++spread->running;
  }
  ~Store() {
    --publisher.running_;
    --spread->running;
    spread->changed.notify_all();
    publisher.store_ended_.notify_all();
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Publisher& publisher;
  const std::shared_ptr<Spread> spread;
};

Publisher::Publisher(LookupContext& context, std::function<std::vector<Multiaddr>()> addresses)
    : context_(context),
      addresses_(std::move(addresses)),
      store_ended_(context.system.waits),
      stores_(context.system.waits, "DHT records") {}

Message Publisher::add_provider(const Multihash& content) const {
  Message out;
  out.type = MessageType::add_provider;
  out.key = to_bytes(content.encoded());
  PeerInfo self{.id = context_.self, .addresses = addresses_()};
  if (self.addresses.size() > PeerInfo::kMaxAddresses) {
    self.addresses.resize(PeerInfo::kMaxAddresses);
  }
  out.providers.push_back(std::move(self));
  return out;
}

Task<std::size_t> Publisher::provide(Multihash content) {
  std::vector<Message> messages = {add_provider(content), get_providers(content)};
  co_return co_await spread(to_bytes(content.encoded()), std::move(messages));
}

Task<std::size_t> Publisher::put_value(Bytes key, Bytes value) {
  std::vector<Message> messages = {put_value_message(key, std::move(value))};
  co_return co_await spread(std::move(key), std::move(messages));
}

void Publisher::put_value_on(std::vector<PeerId> peers, Bytes key, Bytes value) {
  if (running_ + kReplication > kMaxStores) return;  // the next who asks brings it there
  std::vector<Message> messages = {put_value_message(std::move(key), std::move(value))};
  const auto record = std::make_shared<Spread>(context_.system.waits, std::move(messages));
  record->add(peers);
  start(record, kReplication);
}

/// More peers get it side by side, `count` at most.
void Publisher::start(const std::shared_ptr<Spread>& spread, std::size_t count) {
  if (stores_.stopping()) return;
  for (std::size_t i = std::min(count, spread->untold()); i > 0; --i) {
    stores_.spawn(store_on_next(std::make_unique<Store>(*this, spread)));
  }
}

Task<std::size_t> Publisher::spread(Bytes key, std::vector<Message> messages) {
  if (key.empty() || key.size() > kMaxKeyBytes) {
    throw Error(ErrorCode::usage, "a key of the DHT has 1 to 80 bytes");
  }
  while (running_ + kReplication > kMaxStores) co_await store_ended_.wait();
  const auto record = std::make_shared<Spread>(context_.system.waits, std::move(messages));
  stores_.spawn(look_and_store(std::make_unique<Looking>(record), std::move(key)));
  while ((record->looking || record->running > 0) && record->holders < kEnoughHolders &&
         !stores_.stopping()) {
    co_await record->changed.wait();
  }
  co_return record->holders;
}

/// Whoever answers from within the radius is one of the closest for certain and gets the record
/// at once; the others when it is known who they are.
Task<void> Publisher::look_and_store(std::unique_ptr<Looking> looking, Bytes key) {
  const std::shared_ptr<Spread> record = looking->spread;
  const std::optional<Key> radius = region();
  const HopSink early = [this, record, radius](const Hop& hop) {
    const bool sure = radius && hop.outcome == Hop::Outcome::answered && hop.distance < *radius;
    if (!sure || record->known.size() >= kMaxHolders || running_ >= kMaxStores) return;
    record->add(std::array{hop.peer});
    start(record, 1);
  };
  Finder finder(context_);
  const Closest closest = co_await finder.find_closest(std::move(key), early);
  const std::size_t wanted = std::clamp(closest.within_radius, kReplication, kMaxHolders);
  record->add(closest.peers);
  const std::size_t begun = record->holders + record->running;
  start(record, wanted - std::min(wanted, begun));
}

std::optional<Key> Publisher::region() const {
  if (!context_.rules.covers_region) return std::nullopt;
  if (context_.rules.radius || context_.network_size == nullptr) return context_.rules.radius;
  return context_.network_size->radius();
}

Task<void> Publisher::store_on_next(std::unique_ptr<Store> counted) {
  Spread& spread = *counted->spread;
  bool stored = false;
  while (!stored && spread.untold() > 0) {
    const PeerId peer = spread.targets[spread.next++];
    stored = co_await store(peer, spread.messages);
  }
  if (stored) ++spread.holders;
}

Task<bool> Publisher::store(PeerId peer, std::vector<Message> messages) {
  const bool connected = context_.rpc.connected(peer);
  const Patience patience =
      context_.round_trips.expect(peer, connected ? Contact::connected : Contact::dialled);
  try {
    const Message request = messages.back();
    const Duration limit = request_limit(context_.rules, patience);
    const Answer answer = co_await context_.rpc.ask(peer, std::move(messages), limit);
    co_return shows_record(context_.self, request, answer.message);
  } catch (const Error&) {
    co_return false;
  }
}

Task<bool> Publisher::announce(PeerId peer, std::vector<Multihash> contents) {
  for (std::size_t from = 0; from < contents.size(); from += kMaxBatch) {
    const std::size_t to = std::min(contents.size(), from + kMaxBatch);
    std::vector<Message> messages;
    for (std::size_t i = from; i < to; ++i) messages.push_back(add_provider(contents[i]));
    messages.push_back(get_providers(contents[to - 1]));
    const bool stored = co_await store(peer, std::move(messages));
    if (!stored) co_return false;
  }
  co_return true;
}

}  // namespace shoal::kad
