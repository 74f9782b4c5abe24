#include "lab/gossip_net.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>
#include <variant>

#include "lab/light_net.h"
#include "lab/lookups.h"

namespace shoal::lab {

namespace {

using gossipsub::Action;
using gossipsub::Message;
using gossipsub::MessagePtr;
using gossipsub::Rpc;
using gossipsub::SendControl;
using gossipsub::SendMessage;

constexpr const char* kTopic = "news";
constexpr double kGossipPlane = 60;
constexpr double kGossipNearest = 10;
constexpr std::size_t kNumberBytes = 8;

/// Messages are unsigned here, and told apart by what is in them.
gossipsub::Parameters parameters() {
  gossipsub::Parameters out;
  out.signature_policy = gossipsub::SignaturePolicy::strict_no_sign;
  return out;
}

std::size_t number_of(const Message& message) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) out = out << 8 | (*message.data)[i];
  return out;
}

}  // namespace

struct GossipNet::Node {
  Node(PeerId its_id, double its_x, double its_y, std::uint64_t seed, std::uint64_t index)
      : id(its_id),
        x(its_x),
        y(its_y),
        random(seed, 100 + index),
        router(parameters(), its_id, random) {}

  const PeerId id;
  const double x;
  const double y;
  bool up = true;
  sim::SeededRandom random;
  gossipsub::Router router;
  std::unordered_map<PeerId, std::uint32_t> peers;  // connected; never iterated
  std::vector<std::uint32_t> order;                 // the same, in order
  std::set<std::size_t> seen;                       // while it floods
};

GossipNet::GossipNet(const GossipNetOptions& options, std::uint64_t seed)
    : options_(options),
      honest_(options.nodes),
      world_({.name = "lab", .seed = seed}),
      random_(seed, 1) {
  const auto sybils =
      static_cast<std::size_t>(std::llround(options.sybils * static_cast<double>(honest_)));
  for (std::size_t i = 0; i < honest_ + sybils; ++i) {
    nodes_.push_back(std::make_unique<Node>(light_peer(seed, i), random_.unit() * kGossipPlane,
                                            random_.unit() * kGossipPlane, seed, i));
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) start(i);
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    const std::size_t dials = is_honest(i) ? options.dials : 2 * options.dials;
    for (std::size_t dial = 0; dial < dials; ++dial)
      connect(i, static_cast<std::uint32_t>(random_.below(honest_)));
  }
}

GossipNet::~GossipNet() = default;

Duration GossipNet::delay(std::uint32_t from, std::uint32_t to) const {
  const double dx = nodes_[from]->x - nodes_[to]->x;
  const double dy = nodes_[from]->y - nodes_[to]->y;
  const double milliseconds = kGossipNearest + std::sqrt(dx * dx + dy * dy);
  return std::chrono::microseconds(std::llround(milliseconds * 1000));
}

void GossipNet::connect(std::uint32_t from, std::uint32_t to) {
  Node& dialler = *nodes_[from];
  Node& other = *nodes_[to];
  if (from == to || !dialler.peers.emplace(other.id, to).second) return;
  dialler.order.push_back(to);
  other.peers.emplace(dialler.id, from);
  other.order.push_back(from);
  dialler.router.connected(other.id, gossipsub::Version::v1_2, true, std::nullopt, world_.now());
  other.router.connected(dialler.id, gossipsub::Version::v1_2, false, std::nullopt, world_.now());
  act(from);
  act(to);
}

void GossipNet::start(std::uint32_t index) {
  if (options_.floods) return;
  nodes_[index]->router.join(kTopic, false, world_.now());
  act(index);
  // Not all at the same moment.
  world_.after(std::chrono::microseconds(random_.below(1'000'000)), [this, index] { beat(index); });
}

void GossipNet::beat(std::uint32_t index) {
  Node& node = *nodes_[index];
  if (!node.up) return;
  node.router.heartbeat(world_.now());
  act(index);
  world_.after(node.router.parameters().heartbeat_interval, [this, index] { beat(index); });
}

void GossipNet::act(std::uint32_t index) {
  Node& node = *nodes_[index];
  for (const Action& action : node.router.take_actions()) {
    if (const auto* control = std::get_if<SendControl>(&action)) {
      for (Bytes& bytes : gossipsub::encode_rpc(control->rpc))
        send(index, control->peer, SharedBytes(std::move(bytes)), 0);
    } else if (!is_honest(index)) {
      continue;
    } else if (const auto* message = std::get_if<SendMessage>(&action)) {
      send(index, message->peer, message->message->rpc, 1);
    } else if (const auto* verify = std::get_if<gossipsub::Verify>(&action)) {
      node.router.verified(verify->ticket, true, world_.now());
      act(index);
    } else if (const auto* deliver = std::get_if<gossipsub::Deliver>(&action)) {
      delivered(index, deliver->message->message);
    }
  }
}

void GossipNet::send(std::uint32_t from, const PeerId& to, SharedBytes rpc, std::size_t copies) {
  const auto target = nodes_[from]->peers.find(to);
  if (target == nodes_[from]->peers.end()) return;
  const std::uint32_t other = target->second;
  world_.after(delay(from, other), [this, from, other, rpc = std::move(rpc), copies] {
    Node& node = *nodes_[other];
    if (!node.up) return;
    if (is_honest(other)) {
      copies_ += copies;
      bytes_ += rpc.size();
    }
    if (options_.floods) {
      const Rpc read = gossipsub::decode_rpc(rpc.view());
      const auto message = gossipsub::store_message(read.publish.front(), {});
      flood(other, message, &nodes_[from]->id);
    } else {
      node.router.receive(nodes_[from]->id, rpc.view(), world_.now());
      act(other);
    }
  });
}

void GossipNet::flood(std::uint32_t index, const MessagePtr& message, const PeerId* from) {
  Node& node = *nodes_[index];
  if (!node.seen.insert(number_of(message->message)).second) return;
  if (from != nullptr) delivered(index, message->message);
  for (const std::uint32_t other : node.order) {
    const PeerId& peer = nodes_[other]->id;
    if (from == nullptr || peer != *from) send(index, peer, message->rpc, 1);
  }
}

void GossipNet::delivered(std::uint32_t index, const Message& message) {
  TimePoint& arrived = published_[number_of(message)].arrived[index];
  arrived = std::min(arrived, world_.now());
}

void GossipNet::let_go(double share) {
  const auto count = static_cast<std::size_t>(share * static_cast<double>(honest_));
  for (std::size_t gone = 0; gone < count;) {
    Node& node = *nodes_[random_.below(honest_)];
    if (std::exchange(node.up, false)) ++gone;
  }
}

void GossipNet::publish(std::size_t bytes) {
  auto by = static_cast<std::uint32_t>(random_.below(honest_));
  while (!nodes_[by]->up) by = static_cast<std::uint32_t>(random_.below(honest_));
  if (published_.empty()) copies_ = bytes_ = 0;
  Message message;
  message.topic = kTopic;
  message.data.emplace(std::max(bytes, kNumberBytes));
  for (std::size_t i = 0; i < kNumberBytes; ++i)
    (*message.data)[i] = static_cast<std::uint8_t>(published_.size() >> 8 * (kNumberBytes - 1 - i));
  published_.push_back({world_.now(), by, std::vector<TimePoint>(honest_, TimePoint::max())});
  auto id = gossipsub::default_message_id(message);
  const MessagePtr stored = gossipsub::store_message(std::move(message), std::move(id));
  if (options_.floods) {
    flood(by, stored, nullptr);
  } else {
    nodes_[by]->router.publish(stored, world_.now());
    act(by);
  }
}

GossipNet::Result GossipNet::result() const {
  Result out;
  double wanted = 0;
  for (const Published& each : published_) {
    for (std::uint32_t i = 0; i < honest_; ++i) {
      if (!nodes_[i]->up || i == each.by) continue;
      wanted += 1;
      if (each.arrived[i] != TimePoint::max())
        out.seconds.push_back(seconds_of(each.arrived[i] - each.at));
    }
  }
  if (wanted == 0) return out;
  out.delivered = static_cast<double>(out.seconds.size()) / wanted;
  out.copies = static_cast<double>(copies_) / wanted;
  out.bytes = static_cast<double>(bytes_) / wanted;
  return out;
}

double GossipNet::sybils_in_meshes() const {
  double sybils = 0;
  double all = 0;
  for (std::uint32_t i = 0; i < honest_; ++i) {
    const auto* const topic = nodes_[i]->router.overlay().find(kTopic);
    if (topic == nullptr) continue;
    for (const PeerId& peer : topic->mesh) {
      all += 1;
      sybils += is_honest(nodes_[i]->peers.at(peer)) ? 0 : 1;
    }
  }
  return all == 0 ? 0 : sybils / all;
}

}  // namespace shoal::lab
