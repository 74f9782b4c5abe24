#include "protocol/kad/finder.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"

namespace shoal::kad {

namespace {

Message request_of(MessageType type, Bytes key) {
  if (key.empty() || key.size() > kMaxKeyBytes) {
    throw Error(ErrorCode::usage, "a key of the DHT has 1 to 80 bytes");
  }
  Message out;
  out.type = type;
  out.key = std::move(key);
  return out;
}

/// What is known so far of the addresses of one peer.
class PeerSearch {
 public:
  PeerSearch(PeerId wanted, PeerSink sink) : wanted_(std::move(wanted)), sink_(std::move(sink)) {}

  void take(const PeerId& from, const Message& answer, const RpcClient& rpc) {
    if (from == wanted_) {
      answered_ = true;
      report(rpc.addresses(from));
    }
    for (const PeerInfo& peer : answer.closer) {
      if (peer.id != wanted_) continue;
      const std::vector<Multiaddr> usable = rpc.usable(peer.addresses);
      if (usable.empty()) continue;
      ++witnesses_;
      report(usable);
      return;
    }
  }

  bool satisfied() const { return answered_ || witnesses_ >= Finder::kWitnesses; }

 private:
  void report(const std::vector<Multiaddr>& addresses) {
    PeerInfo fresh{.id = wanted_, .addresses = {}};
    for (const Multiaddr& address : addresses) {
      if (seen_.size() < PeerInfo::kMaxAddresses && seen_.insert(address).second) {
        fresh.addresses.push_back(address);
      }
    }
    if (!fresh.addresses.empty()) sink_(fresh);
  }

  const PeerId wanted_;
  const PeerSink sink_;
  std::set<Multiaddr> seen_;
  bool answered_ = false;
  std::size_t witnesses_ = 0;
};

class ProviderSearch {
 public:
  ProviderSearch(PeerSink sink, std::size_t enough)
      : sink_(std::move(sink)), enough_(enough), most_of_one_((enough + 3) / 4) {}

  void take(const Message& answer, const RpcClient& rpc) {
    std::size_t of_this_one = 0;
    for (const PeerInfo& provider : answer.providers) {
      if (seen_.size() >= Finder::kMaxProviders) break;
      if (!seen_.insert(provider.id).second) continue;
      if (of_this_one++ < most_of_one_) ++counted_;
      PeerInfo usable = provider;
      usable.addresses = rpc.usable(provider.addresses);
      sink_(usable);
    }
  }

  bool satisfied() const { return counted_ >= enough_ || seen_.size() >= Finder::kMaxProviders; }
  std::size_t found() const { return seen_.size(); }

 private:
  const PeerSink sink_;
  const std::size_t enough_;
  const std::size_t most_of_one_;
  std::set<PeerId> seen_;
  std::size_t counted_ = 0;
};

class ValueSearch {
 public:
  ValueSearch(Bytes key, ValueRules rules) : key_(std::move(key)), rules_(std::move(rules)) {}

  void take(const PeerId& peer, const Message& answer) {
    const bool usable = answer.record && equal(answer.record->key, key_) &&
                        answer.record->value.size() <= Record::kMaxValueBytes &&
                        rules_.valid(key_, answer.record->value);
    if (!usable) return;
    const Bytes& value = answer.record->value;
    ++valid_;
    const bool replaces = !best_ || rules_.better(value, *best_);
    if (replaces && best_ != value) {
      best_ = value;
      holders_.clear();
    }
    if (best_ == value) holders_.insert(peer);
  }

  std::size_t valid_count() const { return valid_; }

  FoundValue result(const Query& query) const {
    FoundValue out{.value = best_, .holders = holders_.size(), .outdated = {}};
    if (!best_) return out;
    for (const PeerId& peer : query.closest(kReplication)) {
      if (!holders_.contains(peer)) out.outdated.push_back(peer);
    }
    return out;
  }

 private:
  const Bytes key_;
  const ValueRules rules_;
  std::optional<Bytes> best_;
  std::set<PeerId> holders_;
  std::size_t valid_ = 0;
};

}  // namespace

Task<Closest> Finder::find_closest(Bytes wire_key, HopSink sink) {
  const TimePoint begin = context_.system.clock.now();
  Lookup lookup(context_, request_of(MessageType::find_node, std::move(wire_key)));
  lookup.when_hop(std::move(sink));
  co_await lookup.run();
  const std::size_t within_radius = lookup.query().within_radius();
  co_return Closest{.peers = lookup.query().closest(std::max(2 * kReplication, within_radius)),
                    .within_radius = within_radius,
                    .hops = lookup.query().hops(),
                    .took = context_.system.clock.now() - begin};
}

Task<void> Finder::find_peer(PeerId peer, PeerSink sink) {
  PeerSearch search(peer, std::move(sink));
  Lookup* running = nullptr;
  const auto take = [&](const PeerId& from, const Message& answer) {
    search.take(from, answer, context_.rpc);
    if (search.satisfied()) running->finish();
  };
  Lookup lookup(context_, request_of(MessageType::find_node, to_bytes(peer.encoded())), take);
  running = &lookup;
  co_await lookup.run();
}

Task<std::size_t> Finder::find_providers(Multihash content, PeerSink sink, std::size_t enough) {
  ProviderSearch search(std::move(sink), enough);
  Lookup* running = nullptr;
  const auto take = [&](const PeerId&, const Message& answer) {
    search.take(answer, context_.rpc);
    if (search.satisfied()) running->finish();
  };
  Lookup lookup(context_, request_of(MessageType::get_providers, to_bytes(content.encoded())),
                take);
  running = &lookup;
  co_await lookup.run();
  co_return search.found();
}

Task<FoundValue> Finder::get_value(Bytes key, ValueRules rules, std::size_t quorum) {
  ValueSearch search(key, std::move(rules));
  Lookup* running = nullptr;
  const auto take = [&](const PeerId& from, const Message& answer) {
    search.take(from, answer);
    if (search.valid_count() >= quorum) running->finish();
  };
  Lookup lookup(context_, request_of(MessageType::get_value, std::move(key)), take);
  running = &lookup;
  co_await lookup.run();
  co_return search.result(lookup.query());
}

}  // namespace shoal::kad
