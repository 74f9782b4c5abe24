#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "protocol/gossipsub/router.h"

namespace shoal::gossipsub::testing {

inline crypto::PrivateKey key_of(unsigned seed) {
  std::array<std::uint8_t, 32> secret{};
  secret[0] = static_cast<std::uint8_t>(seed);
  secret[1] = static_cast<std::uint8_t>(seed >> 8);
  secret[2] = 7;
  return crypto::PrivateKey::ed25519_from_seed(secret);
}

inline PeerId peer_of(unsigned seed) {
  constexpr unsigned kCommon = 32;  // made once, as making keys is most of what a test does
  static const std::vector<PeerId> common = [] {
    std::vector<PeerId> out;
    for (unsigned each = 0; each < kCommon; ++each) {
      out.push_back(PeerId::from_public_key(key_of(each).public_key()));
    }
    return out;
  }();
  if (seed < kCommon) return common[seed];
  return PeerId::from_public_key(key_of(seed).public_key());
}

/// Splitmix64: the same numbers everywhere.
class TestRandom final : public Random {
 public:
  explicit TestRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(step());
  }

 private:
  std::uint64_t step() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

inline constexpr const char* kTopic = "fruit";

/// A router whose peers are the test. Peer n has the key of seed n; the router's own is 10'000.
class RouterUnderTest {
 public:
  static constexpr unsigned kSelf = 10'000;

  explicit RouterUnderTest(Parameters parameters = {})
      : router(std::move(parameters), peer_of(kSelf), random) {}

  std::vector<Action> act() { return router.take_actions(); }

  void connect(unsigned peer, Version version = Version::v1_2, bool outbound = false) {
    router.connected(peer_of(peer), version, outbound, std::nullopt, now);
  }
  /// Connects peers [1, count], all in kTopic.
  void connect_many(unsigned count, Version version = Version::v1_2, bool outbound = false) {
    for (unsigned peer = 1; peer <= count; ++peer) {
      connect(peer, version, outbound);
      say_subscribed(peer);
    }
  }

  /// A peer with the extension, in kTopic.
  void connect_with_trees(unsigned peer, bool outbound = false) {
    connect(peer, Version::v1_3, outbound);
    say_trees(peer);
    say_subscribed(peer);
  }
  void say_trees(unsigned peer) {
    Rpc rpc;
    rpc.control.extensions = Extensions{.trees = true};
    receive(peer, rpc);
  }
  void say(unsigned peer, TreeMessages messages) {
    Rpc rpc;
    rpc.trees = std::move(messages);
    receive(peer, rpc);
  }
  void say_announced(unsigned peer, std::vector<MessageId> ids, const std::string& topic = kTopic) {
    say(peer, {.announce = {{topic, std::move(ids)}}});
  }
  /// Time passes, and what the router waits for with it.
  void pass(Duration duration) {
    const TimePoint end = now + duration;
    while (router.next_due() && *router.next_due() <= end) {
      now = std::max(now, *router.next_due());
      router.tick(now);
    }
    now = end;
  }

  void receive(unsigned peer, const Rpc& rpc) {
    for (const Bytes& bytes : encode_rpc(rpc)) router.receive(peer_of(peer), bytes, now);
  }
  void say_subscribed(unsigned peer, const std::string& topic = kTopic, bool subscribe = true) {
    Rpc rpc;
    rpc.subscriptions.push_back({subscribe, topic});
    receive(peer, rpc);
  }
  void say_graft(unsigned peer, const std::string& topic = kTopic) {
    Rpc rpc;
    rpc.control.graft.push_back(topic);
    receive(peer, rpc);
  }
  void say_prune(unsigned peer, std::optional<std::uint64_t> backoff = std::nullopt) {
    Rpc rpc;
    rpc.control.prune.push_back({.topic = kTopic, .peers = {}, .backoff_seconds = backoff});
    receive(peer, rpc);
  }
  void say_ihave(unsigned peer, std::vector<MessageId> ids, const std::string& topic = kTopic) {
    Rpc rpc;
    rpc.control.ihave.push_back({topic, std::move(ids)});
    receive(peer, rpc);
  }
  void say_iwant(unsigned peer, std::vector<MessageId> ids) {
    Rpc rpc;
    rpc.control.iwant = std::move(ids);
    receive(peer, rpc);
  }
  void say_idontwant(unsigned peer, std::vector<MessageId> ids) {
    Rpc rpc;
    rpc.control.idontwant = std::move(ids);
    receive(peer, rpc);
  }
  void send_message(unsigned peer, const Message& message) {
    Rpc rpc;
    rpc.publish.push_back(message);
    receive(peer, rpc);
  }

  void join(bool validates = false) { router.join(kTopic, validates, now); }
  void beat() {
    now += 1s;
    router.heartbeat(now);
  }

  const std::set<PeerId>& mesh() const { return router.overlay().find(kTopic)->mesh; }
  bool in_mesh(unsigned peer) const { return mesh().contains(peer_of(peer)); }

  TestRandom random;
  TimePoint now{1h};
  Router router;
};

/// By `author`, signed.
inline Message message_of(unsigned author, std::uint64_t seqno, std::string_view text = "hello") {
  return sign_message(key_of(author), seqno, kTopic, to_bytes(text));
}

inline MessagePtr stored(Message message) {
  MessageId id = default_message_id(message);
  return store_message(std::move(message), std::move(id));
}

/// Signed by `author`, with a manifest.
inline MessagePtr large_message(unsigned author, std::uint64_t seqno, std::size_t bytes,
                                std::uint32_t piece_bytes = 1024) {
  Bytes data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  Message message = sign_message(key_of(author), seqno, kTopic, std::move(data));
  MessageId id = default_message_id(message);
  const MessagePtr whole = store_message(message, id);
  auto manifest =
      std::make_shared<const Manifest>(make_manifest(key_of(author), *whole, piece_bytes));
  return store_message(std::move(message), std::move(id), std::move(manifest));
}

/// A piece as its author cuts it.
inline Piece piece_of(const MessagePtr& message, std::uint32_t index) {
  const Manifest& manifest = *message->manifest;
  const SharedBytes encoded = message->encoded();
  return {manifest_key(manifest.encode()), index,
          to_bytes(encoded.view().subspan(manifest.offset_of(index), manifest.size_of(index)))};
}

/// The actions of one kind.
template <class Kind>
std::vector<Kind> only(const std::vector<Action>& actions) {
  std::vector<Kind> out;
  for (const Action& action : actions) {
    if (const auto* match = std::get_if<Kind>(&action)) out.push_back(*match);
  }
  return out;
}

/// What one peer was told, all in one.
inline Rpc told(const std::vector<Action>& actions, unsigned peer) {
  Rpc out;
  for (const SendControl& send : only<SendControl>(actions)) {
    if (send.peer == peer_of(peer)) out = send.rpc;
  }
  return out;
}

}  // namespace shoal::gossipsub::testing
