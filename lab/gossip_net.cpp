#include "lab/gossip_net.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "base/overloaded.h"
#include "lab/gossip_node.h"
#include "lab/light_net.h"
#include "lab/lookups.h"

namespace shoal::lab {

namespace {

using gossipsub::Action;
using gossipsub::Message;
using gossipsub::MessagePtr;
using gossipsub::Rpc;

constexpr const char* kTopic = "news";
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kSignatureBytes = 64;

std::size_t number_of(const Message& message) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < kNumberBytes; ++i) out = out << 8 | (*message.data)[i];
  return out;
}

Bytes as_number(std::size_t value) {
  Bytes out(kNumberBytes);
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    out[i] = static_cast<std::uint8_t>(value >> 8 * (kNumberBytes - 1 - i));
  }
  return out;
}

/// Sizes that decide what happens to a message shrink with it.
gossipsub::Parameters scaled(gossipsub::Parameters parameters, const GossipNetOptions& options) {
  parameters.trees = options.spreading == Spreading::trees;
  parameters.idontwant_threshold_bytes /= options.scale;
  parameters.pieces_threshold_bytes /= options.scale;
  parameters.piece_bytes /= static_cast<std::uint32_t>(options.scale);
  return parameters;
}

}  // namespace

GossipNet::GossipNet(const GossipNetOptions& options, std::uint64_t seed)
    : options_(options),
      honest_(options.nodes),
      seed_(seed),
      world_({.name = "lab", .seed = seed}),
      random_(seed, 1),
      links_(world_, options.links, seed,
             [this](std::uint32_t from, std::uint32_t to, const GossipLinks::Item& item) {
               arrive(from, to, item);
             }) {
  for (std::size_t i = 0; i < honest_; ++i) add_node(scaled(options.parameters, options));
  if (!options.connect_later) connect_all();
}

void GossipNet::connect_all() {
  for (std::uint32_t i = 0; i < honest_; ++i) {
    for (std::size_t dial = 0; dial < options_.dials; ++dial)
      connect(i, static_cast<std::uint32_t>(random_.below(honest_)));
  }
}

GossipNet::~GossipNet() = default;

std::uint32_t GossipNet::add_node(gossipsub::Parameters parameters) {
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(
      std::make_unique<Node>(light_peer(seed_, index), std::move(parameters), seed_, index));
  links_.add_node();
  if (!is_honest(index) || options_.spreading == Spreading::flooding) return index;
  nodes_[index]->router.join(kTopic, false, world_.now());
  act(index);
  // Not all at the same moment.
  world_.after(std::chrono::microseconds(random_.below(1'000'000)), [this, index] { beat(index); });
  return index;
}

void GossipNet::connect(std::uint32_t from, std::uint32_t to) {
  Node& dialler = *nodes_[from];
  Node& other = *nodes_[to];
  if (from == to || !dialler.peers.emplace(other.id, to).second) return;
  dialler.order.push_back(to);
  other.peers.emplace(dialler.id, from);
  other.order.push_back(from);
  const auto version =
      options_.spreading == Spreading::trees ? gossipsub::Version::v1_3 : gossipsub::Version::v1_2;
  dialler.router.connected(other.id, version, true, std::nullopt, world_.now());
  other.router.connected(dialler.id, version, false, std::nullopt, world_.now());
  act(from);
  act(to);
}

void GossipNet::beat(std::uint32_t index) {
  Node& node = *nodes_[index];
  if (!node.up) return;
  node.router.heartbeat(world_.now());
  act(index);
  world_.after(node.router.parameters().heartbeat_interval, [this, index] { beat(index); });
}

void GossipNet::arm_tick(std::uint32_t index) {
  Node& node = *nodes_[index];
  const auto due = node.router.next_due();
  if (!due || (node.tick_at && *node.tick_at <= *due)) return;
  node.tick_at = due;
  world_.at(std::max(*due, world_.now()), [this, index] { tick(index); });
}

void GossipNet::tick(std::uint32_t index) {
  Node& node = *nodes_[index];
  if (!node.up) return;
  if (node.tick_at && *node.tick_at <= world_.now()) node.tick_at.reset();
  node.router.tick(world_.now());
  act(index);
}

void GossipNet::act(std::uint32_t index) {
  std::vector<Action> actions = nodes_[index]->router.take_actions();
  while (!actions.empty()) {
    for (const Action& action : actions) perform(index, action);
    actions = nodes_[index]->router.take_actions();
  }
  arm_tick(index);
}

void GossipNet::send_control(std::uint32_t index, const gossipsub::SendControl& control) {
  const auto target = nodes_[index]->peers.find(control.peer);
  if (target == nodes_[index]->peers.end()) return;
  if (!is_honest(target->second) && !matters_to_sybils(control.rpc)) return;
  for (Bytes& bytes : gossipsub::encode_rpc(control.rpc)) {
    const std::size_t size = bytes.size();
    links_.send(index, target->second, {.rpc = SharedBytes(std::move(bytes)), .bytes = size});
  }
}

void GossipNet::perform(std::uint32_t index, const Action& action) {
  gossipsub::Router& router = nodes_[index]->router;
  std::visit(
      Overloaded{
          [&](const gossipsub::SendControl& each) { send_control(index, each); },
          [&](const gossipsub::SendMessage& each) { send(index, each.peer, carry(each.message)); },
          [&](const gossipsub::SendPiece& each) { send(index, each.peer, carry(each)); },
          [&](const gossipsub::Verify& each) { router.verified(each.ticket, true, world_.now()); },
          [&](const gossipsub::VerifyManifest& each) {
            router.manifest_verified(each.key, true, world_.now());
          },
          [&](const gossipsub::Deliver& each) { delivered(index, each.message->message); },
          [](const gossipsub::Validate&) {},
          [](const gossipsub::Dial&) {},
      },
      action);
}

GossipLinks::Item GossipNet::carry(const MessagePtr& message) const {
  const std::size_t bytes = charge(message->rpc().size(), message->message.data->size());
  return {.rpc = message->rpc(), .bytes = bytes, .control = false, .messages = 1};
}

GossipLinks::Item GossipNet::carry(const gossipsub::SendPiece& piece) const {
  const Rpc read = gossipsub::decode_rpc(piece.rpc.view());
  const std::size_t bytes = charge(piece.rpc.size(), read.trees.pieces.front().data.size());
  return {.rpc = piece.rpc, .bytes = bytes, .control = false};
}

void GossipNet::send(std::uint32_t from, const PeerId& to, GossipLinks::Item item) {
  const auto target = nodes_[from]->peers.find(to);
  if (target != nodes_[from]->peers.end()) links_.send(from, target->second, std::move(item));
}

void GossipNet::arrive(std::uint32_t from, std::uint32_t to, const GossipLinks::Item& item) {
  Node& node = *nodes_[to];
  if (!node.up) return;
  if (!is_honest(to)) {
    sybils_[to - honest_]->receive(from, item.rpc.view());
    return;
  }
  copies_ += item.messages;
  bytes_ += item.bytes;
  if (options_.spreading == Spreading::flooding) {
    const Rpc read = gossipsub::decode_rpc(item.rpc.view());
    flood(to, gossipsub::store_message(read.publish.front(), {}), &nodes_[from]->id);
    return;
  }
  node.router.receive(nodes_[from]->id, item.rpc.view(), world_.now());
  act(to);
}

void GossipNet::flood(std::uint32_t index, const MessagePtr& message, const PeerId* from) {
  Node& node = *nodes_[index];
  if (!node.seen.insert(number_of(message->message)).second) return;
  if (from != nullptr) delivered(index, message->message);
  for (const std::uint32_t other : node.order) {
    const PeerId& peer = nodes_[other]->id;
    if (from != nullptr && peer == *from) continue;
    send(index, peer, carry(message));
  }
}

void GossipNet::delivered(std::uint32_t index, const Message& message) {
  if (!is_honest(index)) return;
  TimePoint& arrived = published_[number_of(message)].arrived[index];
  arrived = std::min(arrived, world_.now());
}

void GossipNet::let_go(double share) {
  const auto count = static_cast<std::size_t>(share * static_cast<double>(honest_));
  for (std::size_t gone = 0; gone < count;) {
    const std::size_t index = options_.publishers + random_.below(honest_ - options_.publishers);
    if (std::exchange(nodes_[index]->up, false)) ++gone;
  }
}

void GossipNet::begin_measuring() {
  copies_ = 0;
  bytes_ = 0;
}

/// Signed in form only; told apart by the number in front.
MessagePtr GossipNet::make_message(std::uint32_t by, std::size_t bytes) const {
  static const crypto::PrivateKey kKey = crypto::PrivateKey::ed25519_from_seed(Bytes(32, 7));
  Message message;
  message.topic = kTopic;
  message.from = to_bytes(nodes_[by]->id.encoded());
  message.seqno = as_number(published_.size() + 1);
  message.signature = Bytes(kSignatureBytes, 1);
  message.data = as_number(published_.size());
  message.data->resize(std::max(bytes / options_.scale, kNumberBytes));
  const bool in_pieces = nodes_[by]->router.goes_in_pieces(kTopic, message.data->size());
  auto id = gossipsub::default_message_id(message);
  const MessagePtr stored = gossipsub::store_message(message, id);
  if (!in_pieces) return stored;
  const std::uint32_t piece_bytes = nodes_[by]->router.parameters().piece_bytes;
  return gossipsub::store_message(std::move(message), std::move(id),
                                  std::make_shared<const gossipsub::Manifest>(
                                      gossipsub::make_manifest(kKey, *stored, piece_bytes)));
}

void GossipNet::publish(std::size_t bytes, bool measured) {
  const auto by = static_cast<std::uint32_t>(published_.size() % options_.publishers);
  const MessagePtr message = make_message(by, bytes);
  published_.push_back(
      {world_.now(), by, measured, std::vector<TimePoint>(honest_, TimePoint::max())});
  if (options_.spreading == Spreading::flooding) {
    flood(by, message, nullptr);
  } else {
    nodes_[by]->router.publish(message, world_.now());
    act(by);
  }
}

GossipNet::Result GossipNet::result() const {
  Result out;
  double wanted = 0;
  for (const Published& each : published_) {
    if (!each.measured) continue;
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

}  // namespace shoal::lab
