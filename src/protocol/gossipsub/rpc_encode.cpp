#include <protozero/pbf_writer.hpp>
#include <utility>

#include "format/protobuf_guard.h"
#include "protocol/gossipsub/rpc.h"
#include "protocol/gossipsub/rpc_fields.h"

namespace shoal::gossipsub {

namespace {

/// Of the field around the control message.
constexpr std::size_t kControlOverheadBytes = 8;
constexpr std::size_t kTreesOverheadBytes = 9;
constexpr std::size_t kIdOverheadBytes = 4;

/// Packs encoded fields into RPCs.
class Packer {
 public:
  explicit Packer(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  void add_top(std::string field) { add(top_, std::move(field)); }
  void add_control(std::string field) { add(control_, std::move(field)); }
  void add_trees(std::string field) { add(trees_, std::move(field)); }

  std::vector<Bytes> finish() {
    flush();
    return std::move(done_);
  }

 private:
  void add(std::string& into, std::string field) {
    constexpr std::size_t kOverhead = kControlOverheadBytes + kTreesOverheadBytes;
    const std::size_t used = top_.size() + control_.size() + trees_.size();
    if (used > 0 && used + field.size() + kOverhead > max_bytes_) flush();
    if (field.size() + (&into == &top_ ? 0 : kOverhead) > max_bytes_) return;
    into += field;
  }

  void flush() {
    if (top_.empty() && control_.empty() && trees_.empty()) return;
    std::string out = std::exchange(top_, {});
    protozero::pbf_writer writer(out);
    if (!control_.empty()) writer.add_bytes(rpc_control_field, std::exchange(control_, {}));
    if (!trees_.empty()) writer.add_bytes(rpc_trees_field, std::exchange(trees_, {}));
    done_.push_back(to_bytes(out));
  }

  const std::size_t max_bytes_;
  std::string top_;
  std::string control_;
  std::string trees_;
  std::vector<Bytes> done_;
};

std::string nested(protozero::pbf_tag_type field, const std::string& content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(field, content);
  return out;
}

std::string encode_subscription(const SubscriptionChange& change) {
  std::string content;
  protozero::pbf_writer writer(content);
  writer.add_bool(subscribe_field, change.subscribe);
  writer.add_string(subscription_topic_field, change.topic);
  return nested(rpc_subscriptions_field, content);
}

std::string encode_extensions(const Extensions& extensions) {
  std::string content;
  if (extensions.trees) protozero::pbf_writer(content).add_bool(extensions_trees_field, true);
  return nested(control_extensions_field, content);
}

std::string encode_prune(const Prune& prune) {
  std::string content;
  protozero::pbf_writer writer(content);
  writer.add_string(prune_topic_field, prune.topic);
  for (const ExchangedPeer& peer : prune.peers) {
    protozero::pbf_writer inner(writer, prune_peers_field);
    inner.add_bytes(peer_id_field, as_view(peer.id));
    if (!peer.signed_record.empty())
      inner.add_bytes(peer_record_field, as_view(peer.signed_record));
  }
  if (prune.backoff_seconds) writer.add_uint64(prune_backoff_field, *prune.backoff_seconds);
  return nested(control_prune_field, content);
}

/// `ids` in as many lists as it takes for each to be well below the limit.
void add_ids(Packer& packer, std::size_t max_bytes, protozero::pbf_tag_type list_field,
             protozero::pbf_tag_type id_field, const std::string& head,
             const std::vector<MessageId>& ids) {
  std::string content = head;
  for (const MessageId& id : ids) {
    if (content.size() > head.size() &&
        content.size() + id.size() + kIdOverheadBytes > max_bytes / 2) {
      packer.add_control(nested(list_field, std::exchange(content, head)));
    }
    protozero::pbf_writer(content).add_bytes(id_field, id);
  }
  if (content.size() > head.size()) packer.add_control(nested(list_field, content));
}

}  // namespace

std::vector<Bytes> encode_rpc(const Rpc& rpc, std::size_t max_bytes) {
  Packer packer(max_bytes);
  const Control& control = rpc.control;
  if (control.extensions) packer.add_control(encode_extensions(*control.extensions));
  for (const auto& change : rpc.subscriptions) packer.add_top(encode_subscription(change));
  for (const std::string& topic : control.graft) {
    packer.add_control(nested(control_graft_field, nested(graft_topic_field, topic)));
  }
  for (const Prune& prune : control.prune) packer.add_control(encode_prune(prune));
  add_ids(packer, max_bytes, control_idontwant_field, idontwant_id_field, {}, control.idontwant);
  add_ids(packer, max_bytes, control_iwant_field, iwant_id_field, {}, control.iwant);
  for (const IHave& ihave : control.ihave) {
    add_ids(packer, max_bytes, control_ihave_field, ihave_id_field,
            nested(ihave_topic_field, ihave.topic), ihave.ids);
  }
  for (std::string& field : encode_tree_messages(rpc.trees, max_bytes - kTreesOverheadBytes)) {
    packer.add_trees(std::move(field));
  }
  for (const Message& message : rpc.publish) {
    packer.add_top(nested(rpc_publish_field, std::string(as_text(message.encode()))));
  }
  return packer.finish();
}

}  // namespace shoal::gossipsub
