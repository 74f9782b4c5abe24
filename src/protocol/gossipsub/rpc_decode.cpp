#include <protozero/pbf_reader.hpp>
#include <utility>

#include "base/error.h"
#include "format/protobuf_guard.h"
#include "protocol/gossipsub/rpc.h"
#include "protocol/gossipsub/rpc_fields.h"

namespace shoal::gossipsub {

namespace {

using protozero::pbf_reader;
using protozero::pbf_tag_type;
using protozero::pbf_wire_type;

constexpr std::uint32_t bytes_field(pbf_tag_type field) {
  return protozero::tag_and_type(field, pbf_wire_type::length_delimited);
}
constexpr std::uint32_t number_field(pbf_tag_type field) {
  return protozero::tag_and_type(field, pbf_wire_type::varint);
}

/// None when it is longer than `max_bytes`.
std::optional<std::string> take_text(pbf_reader& reader, std::size_t max_bytes) {
  const auto view = reader.get_view();
  if (view.size() > max_bytes) return std::nullopt;
  return std::string(view.data(), view.size());
}

void read_subscription(pbf_reader reader, std::vector<SubscriptionChange>& into) {
  SubscriptionChange out;
  std::optional<std::string> topic;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case number_field(subscribe_field):
        out.subscribe = reader.get_bool();
        break;
      case bytes_field(subscription_topic_field):
        topic = take_text(reader, kMaxTopicBytes);
        break;
      default:
        reader.skip();
    }
  }
  if (!topic || into.size() == kMaxSubscriptionsPerRpc) return;
  out.topic = std::move(*topic);
  into.push_back(std::move(out));
}

void read_message_field(pbf_reader& reader, std::vector<Message>& into) {
  const ByteView bytes = bytes_of(reader.get_view());
  if (into.size() == kMaxMessagesPerRpc) return;
  try {
    into.push_back(Message::decode(bytes));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::limit) throw;
  }
}

/// `count` is of all lists of the kind in this RPC.
void take_id(pbf_reader& reader, std::size_t& count, std::vector<MessageId>& into) {
  auto id = take_text(reader, kMaxMessageIdBytes);
  if (!id || count == kMaxIdsPerRpc) return;
  ++count;
  into.push_back(std::move(*id));
}

void read_ihave(pbf_reader reader, std::size_t& count, std::vector<IHave>& into) {
  if (into.size() == kMaxEntriesPerRpc) return;
  IHave out;
  std::optional<std::string> topic;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_field(ihave_topic_field):
        topic = take_text(reader, kMaxTopicBytes);
        break;
      case bytes_field(ihave_id_field):
        take_id(reader, count, out.ids);
        break;
      default:
        reader.skip();
    }
  }
  if (!topic || out.ids.empty()) return;
  out.topic = std::move(*topic);
  into.push_back(std::move(out));
}

void read_ids(pbf_reader reader, std::vector<MessageId>& into) {
  static_assert(pbf_tag_type{iwant_id_field} == pbf_tag_type{idontwant_id_field});
  while (reader.next()) {
    if (reader.tag_and_type() == bytes_field(iwant_id_field)) {
      std::size_t count = into.size();
      take_id(reader, count, into);
    } else {
      reader.skip();
    }
  }
}

void read_graft(pbf_reader reader, std::vector<std::string>& into) {
  std::optional<std::string> topic;
  while (reader.next()) {
    if (reader.tag_and_type() == bytes_field(graft_topic_field)) {
      topic = take_text(reader, kMaxTopicBytes);
    } else {
      reader.skip();
    }
  }
  if (topic && into.size() < kMaxEntriesPerRpc) into.push_back(std::move(*topic));
}

void read_exchanged_peer(pbf_reader reader, std::vector<ExchangedPeer>& into) {
  std::optional<std::string> id;
  std::optional<std::string> record = std::string();
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_field(peer_id_field):
        id = take_text(reader, kMaxPeerIdBytes);
        break;
      case bytes_field(peer_record_field):
        record = take_text(reader, kMaxPeerRecordBytes);
        break;
      default:
        reader.skip();
    }
  }
  if (!id || !record || into.size() == kMaxPeersPerPrune) return;
  into.push_back({.id = to_bytes(*id), .signed_record = to_bytes(*record)});
}

void read_prune(pbf_reader reader, std::vector<Prune>& into) {
  Prune out;
  std::optional<std::string> topic;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_field(prune_topic_field):
        topic = take_text(reader, kMaxTopicBytes);
        break;
      case bytes_field(prune_peers_field):
        read_exchanged_peer(reader.get_message(), out.peers);
        break;
      case number_field(prune_backoff_field):
        out.backoff_seconds = reader.get_uint64();
        break;
      default:
        reader.skip();
    }
  }
  if (!topic || into.size() == kMaxEntriesPerRpc) return;
  out.topic = std::move(*topic);
  into.push_back(std::move(out));
}

void read_extensions(pbf_reader reader, Extensions& into) {
  while (reader.next()) {
    if (reader.tag_and_type() == number_field(extensions_trees_field)) {
      into.trees = reader.get_bool();
    } else {
      reader.skip();
    }
  }
}

void read_control(pbf_reader reader, std::size_t& ihave_ids, Control& into) {
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_field(control_ihave_field):
        read_ihave(reader.get_message(), ihave_ids, into.ihave);
        break;
      case bytes_field(control_iwant_field):
        read_ids(reader.get_message(), into.iwant);
        break;
      case bytes_field(control_graft_field):
        read_graft(reader.get_message(), into.graft);
        break;
      case bytes_field(control_prune_field):
        read_prune(reader.get_message(), into.prune);
        break;
      case bytes_field(control_idontwant_field):
        read_ids(reader.get_message(), into.idontwant);
        break;
      case bytes_field(control_extensions_field):
        read_extensions(reader.get_message(), into.extensions.emplace());
        break;
      default:
        reader.skip();
    }
  }
}

}  // namespace

Rpc decode_rpc(ByteView bytes) {
  return read_protobuf("a pubsub RPC", [&] {
    Rpc out;
    std::size_t ihave_ids = 0;
    pbf_reader reader(as_view(bytes));
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case bytes_field(rpc_subscriptions_field):
          read_subscription(reader.get_message(), out.subscriptions);
          break;
        case bytes_field(rpc_publish_field):
          read_message_field(reader, out.publish);
          break;
        case bytes_field(rpc_control_field):
          read_control(reader.get_message(), ihave_ids, out.control);
          break;
        case bytes_field(rpc_trees_field):
          read_tree_messages(bytes_of(reader.get_view()), out.trees);
          break;
        default:
          reader.skip();
      }
    }
    return out;
  });
}

}  // namespace shoal::gossipsub
