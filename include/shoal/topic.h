#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/async.h>
#include <shoal/stream.h>
#include <shoal/subscription.h>

namespace shoal {

namespace library {
class TopicCore;
}

/// A message of a topic.
struct TopicMessage {
  std::string author;  // the peer id of who signed it; empty in a topic without signatures
  std::string sender;  // the peer that handed it to us, mostly another one
  std::string id;      // binary; no two messages have the same
  ByteVector data;
};

/// What a validator thinks of a message. Neither of the last two is delivered or passed on; reject
/// costs the peer that handed it to us.
enum class Verdict { accept, reject, ignore };

struct TopicOptions {
  /// Hears what others say and passes it on. Else this node only publishes.
  bool subscribe = true;
  /// Messages are signed by their authors, and verified; else they name none. All peers of a topic
  /// must agree.
  bool signatures = true;
  /// Looks at each message before it is delivered and passed on; on the node's loop, must not wait.
  /// What it throws counts as ignore. At most one for each topic of a node.
  std::function<Verdict(const TopicMessage&)> validator = {};
  /// Memory for messages that nobody has taken yet; beyond it the oldest are dropped.
  std::size_t max_unread_bytes = 15 * 1024 * 1024;
  std::size_t max_unread_messages = 8192;
};

/// A topic that Node::join opened: what one peer publishes there, all others hear, by gossipsub
/// (/meshsub/1.1.0 to 1.3.0, /floodsub/1.0.0). Peers of the topic are found in the networks of
/// NodeOptions, and among the peers that are connected. Messages of one author come in order as
/// long as they take one way; there is no other order, and none is repeated.
///
/// Moving it is fine; destroying it, from any thread, leaves the topic. Once the node was stopped,
/// next() ends and the others throw Error{closed}.
class Topic {
 public:
  static constexpr std::size_t kMaxNameBytes = 256;
  /// Of content.
  static constexpr std::size_t kMaxMessageBytes = 1024 * 1024;

  explicit Topic(std::shared_ptr<library::TopicCore> core) noexcept;
  Topic(Topic&& other) noexcept;
  Topic& operator=(Topic&& other) noexcept;
  ~Topic();

  const std::string& name() const;

  /// The next message of somebody else; none once the node has stopped. One caller at a time.
  Async<std::optional<TopicMessage>> next();
  /// Messages that were dropped because they were not taken in time.
  std::uint64_t missed() const;

  /// Hands `data`, which is copied, to the peers of the topic that are connected; nobody else gets
  /// it. Throws Error{limit} when it is too large, {exists} for the same content again in a topic
  /// without signatures.
  Async<void> publish(std::span<const std::byte> data);
  Async<void> publish(std::string_view text) { return publish(bytes_of(text)); }
  /// Returns when at least `count` other peers of the topic are connected.
  Async<void> met(std::size_t count = 1);
  /// Returns the number of peers that have received all that was published before; waits at most
  /// 5 s for each.
  Async<std::size_t> confirm();

  /// The other peers of the topic that are connected, in the order of their ids.
  std::vector<std::string> peers() const;
  /// Calls back when such a peer joins or leaves, from now on; on the node's loop, must not wait.
  /// What it throws goes to NodeOptions::on_error.
  Subscription on_peer(std::function<void(const std::string& peer_id, bool joined)> callback);

 private:
  std::shared_ptr<library::TopicCore> core_;
};

}  // namespace shoal
