#include "lab/gossip_sybil.h"

#include "protocol/gossipsub/trees.h"

namespace shoal::lab {

using gossipsub::Message;
using gossipsub::Rpc;

namespace {

std::vector<SharedBytes> encode(const Rpc& rpc) {
  std::vector<SharedBytes> out;
  for (Bytes& bytes : gossipsub::encode_rpc(rpc)) out.emplace_back(std::move(bytes));
  return out;
}

}  // namespace

GossipSybil::GossipSybil(SybilOptions options, Surroundings surroundings, std::uint64_t seed,
                         std::uint64_t index)
    : options_(options),
      surroundings_(std::move(surroundings)),
      attack_at_(surroundings_.world.now() + options.attack_delay),
      random_(seed, 1'000'000 + index) {}

void GossipSybil::connected(std::uint32_t peer) {
  peers_.push_back(peer);
  Rpc rpc;
  if (options_.trees) rpc.control.extensions = gossipsub::Extensions{.trees = true};
  rpc.subscriptions.push_back({true, surroundings_.topic});
  rpc.control.graft.push_back(surroundings_.topic);
  tell(peer, rpc);
}

void GossipSybil::graft(std::uint32_t peer) {
  Rpc rpc;
  rpc.control.graft.push_back(surroundings_.topic);
  tell(peer, rpc);
}

void GossipSybil::tell(std::uint32_t peer, const Rpc& rpc) {
  for (const SharedBytes& bytes : encode(rpc)) surroundings_.send(peer, bytes, true);
}

void GossipSybil::receive(std::uint32_t from, ByteView bytes) {
  const Rpc rpc = gossipsub::decode_rpc(bytes);
  for (std::size_t i = 0; i < rpc.control.prune.size(); ++i) {
    const auto spread = static_cast<std::uint64_t>(kRegraftSpread / 1ms);
    const Duration wait = options_.regraft + std::chrono::milliseconds(random_.below(spread));
    surroundings_.world.after(wait, [this, from] { graft(from); });
  }
  for (const auto key : rpc.trees.choke) lazy_.emplace(from, key);
  for (const auto key : rpc.trees.unchoke) lazy_.erase({from, key});
  for (const auto& id : rpc.control.iwant) {
    const auto kept = kept_.find(id);
    if (kept != kept_.end()) surroundings_.send(from, kept->second->rpc(), false);
  }
  for (const Message& message : rpc.publish) pass_on(from, message);
}

bool GossipSybil::drops(const Message& message) {
  if (!attacks_now()) return false;
  if (options_.censors && message.from && as_text(*message.from) == surroundings_.censored) {
    return true;
  }
  return random_.happens(options_.drops);
}

void GossipSybil::pass_on(std::uint32_t from, const Message& message) {
  const auto id = gossipsub::default_message_id(message);
  if (!seen_.insert(id).second) return;
  const bool dropped = drops(message);
  if (dropped && !options_.trees) return;
  gossipsub::MessagePtr stored;
  if (!dropped) {
    stored = gossipsub::store_message(message, id);
    if (kept_.size() == kKept) kept_.erase(kept_.begin());
    kept_.emplace(id, stored);
  }
  std::vector<SharedBytes> announcement;
  if (options_.trees) announcement = announcement_of(id);
  const auto tree = gossipsub::tree_of(message);
  for (const std::uint32_t peer : peers_) {
    if (peer == from) continue;
    if (!dropped && !lazy_.contains({peer, tree})) {
      surroundings_.send(peer, stored->rpc(), false);
    } else {
      for (const SharedBytes& rpc : announcement) surroundings_.send(peer, rpc, true);
    }
  }
}

std::vector<SharedBytes> GossipSybil::announcement_of(const gossipsub::MessageId& id) const {
  Rpc rpc;
  rpc.trees.announce.push_back({surroundings_.topic, {id}});
  return encode(rpc);
}

}  // namespace shoal::lab
