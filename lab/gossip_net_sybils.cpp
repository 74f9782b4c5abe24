#include <algorithm>
#include <utility>

#include "lab/gossip_node.h"
#include "lab/light_net.h"

namespace shoal::lab {

namespace {

constexpr const char* kAttackedTopic = "news";
/// They do not all connect at once.
constexpr Duration kSybilsArriveWithin = 5s;

IpAddress shared_address(std::size_t group) {
  return IpAddress::v4({10, static_cast<std::uint8_t>(group >> 16),
                        static_cast<std::uint8_t>(group >> 8), static_cast<std::uint8_t>(group)});
}

}  // namespace

void GossipNet::add_sybils(const SybilOptions& sybils) {
  for (std::size_t i = 0; i < sybils.count; ++i) add_sybil(sybils);
}

void GossipNet::add_sybil(const SybilOptions& options) {
  const std::uint32_t index = add_node(options_.parameters);
  GossipSybil::Surroundings surroundings{
      .send =
          [this, index](std::uint32_t to, SharedBytes rpc, bool control) {
            const std::size_t size = rpc.size();
            links_.send(index, to,
                        {.rpc = std::move(rpc),
                         .bytes = size,  // of small messages, which are not scaled
                         .control = control,
                         .messages = control ? 0U : 1U});
          },
      .world = world_,
      .topic = kAttackedTopic,
      .censored = std::string(nodes_[0]->id.encoded().begin(), nodes_[0]->id.encoded().end())};
  SybilOptions own = options;
  own.trees = options_.spreading == Spreading::trees;
  sybils_.push_back(std::make_unique<GossipSybil>(own, std::move(surroundings), seed_, index));
  const auto milliseconds = static_cast<std::uint64_t>(kSybilsArriveWithin / 1ms);
  world_.after(std::chrono::milliseconds(random_.below(milliseconds)),
               [this, own, index] { connect_sybil(own, index); });
}

void GossipNet::connect_sybil(const SybilOptions& options, std::uint32_t sybil) {
  Node& attacker = *nodes_[sybil];
  const std::size_t targets = options.single_target     ? 1
                              : options.publishers_only ? options_.publishers
                                                        : honest_;
  const std::size_t degree = std::min(options.degree, targets);
  std::optional<IpAddress> address;
  if (options.behind_one_address > 0) {
    address = shared_address((sybil - honest_) / options.behind_one_address);
  }
  const auto version = options.trees ? gossipsub::Version::v1_3 : gossipsub::Version::v1_2;
  while (attacker.peers.size() < degree) {
    const auto target = static_cast<std::uint32_t>(random_.below(targets));
    Node& honest = *nodes_[target];
    if (!attacker.peers.emplace(honest.id, target).second) continue;
    honest.peers.emplace(attacker.id, sybil);
    honest.router.connected(attacker.id, version, false, address, world_.now());
    act(target);
    sybils_[sybil - honest_]->connected(target);
  }
}

/// Most of what honest nodes say is nothing to an attacker.
bool GossipNet::matters_to_sybils(const gossipsub::Rpc& rpc) const {
  return !rpc.control.prune.empty() || !rpc.control.iwant.empty() || !rpc.trees.choke.empty() ||
         !rpc.trees.unchoke.empty();
}

double GossipNet::sybils_in_meshes() const {
  double sybils = 0;
  double all = 0;
  for (std::uint32_t i = 0; i < honest_; ++i) {
    const auto* const topic = nodes_[i]->router.overlay().find(kAttackedTopic);
    if (topic == nullptr) continue;
    for (const PeerId& peer : topic->mesh) {
      all += 1;
      sybils += is_honest(nodes_[i]->peers.at(peer)) ? 0 : 1;
    }
  }
  return all == 0 ? 0 : sybils / all;
}

}  // namespace shoal::lab
