#include "content/bitswap/node.h"

#include <utility>

#include "content/bitswap/client.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/server.h"

namespace shoal::content::bitswap {

namespace {

/// Puts the parts together: what peers send goes through one reader to both sides.
class Node final : public Bitswap, private net::ConnectionObserver {
 public:
  Node(System& system, net::Swarm& swarm, std::unique_ptr<BlockReader> store,
       std::unique_ptr<ServedBlocks> served, Tuning tuning, std::vector<std::string> speaks)
      : swarm_(swarm),
        served_(std::move(served)),
        store_(std::move(store)),
        speaks_(std::move(speaks)),
        client_(system, swarm, tuning,
                [this](const PeerId& peer) { return inbound_.arriving(peer); }),
        server_(system, swarm, *store_),
        inbound_(system, swarm, client_.in_hand().released, handlers()) {
    for (const std::string& protocol : speaks_) {
      swarm_.protocols().add(
          protocol,
          [this](net::ProtocolStream stream) { return inbound_.serve(std::move(stream)); },
          net::Replay::harmless);
    }
    swarm_.add_observer(*this);
  }
  ~Node() override { leave_swarm(); }

  std::unique_ptr<Session> session(Asks whom) override { return client_.session(whom); }
  std::shared_ptr<void> who_has(Cid cid, std::function<void(const PeerId&)> found) override {
    return client_.who_has(std::move(cid), std::move(found));
  }
  ServedBlocks& served() override { return *served_; }
  void offer(const Multihash& hash) override { server_.offer(hash); }
  void offer_all() override { server_.offer_all(); }
  void note_sharing(const PeerId& peer) override { server_.note_sharing(peer); }
  bool is_giving() const override { return server_.is_giving(); }
  void when_saturated(std::function<bool()> saturated) override {
    server_.when_saturated(std::move(saturated));
  }
  using Bitswap::bytes_leaving;
  std::size_t bytes_leaving(const BlockFilter& counted) const override {
    return server_.bytes_leaving(counted);
  }
  void when_bad_peer(std::function<void(const BadPeer&)> callback) override {
    client_.when_bad_peer(std::move(callback));
  }
  Subscription when_sent(std::function<void(const Sent&)> callback) override {
    return server_.when_sent(std::move(callback));
  }

  Task<void> stop() override {
    leave_swarm();
    co_await inbound_.stop();
    co_await client_.stop();
    co_await server_.stop();
  }

 private:
  Inbound::Handlers handlers() {
    return {.message =
                [this](const PeerId& from, const Message& message) {
                  server_.receive(from, message);
                  client_.receive(from, message);
                },
            .blocks =
                [this](const PeerId& from, std::vector<ReceivedBlock> blocks) {
                  if (client_.receive_blocks(from, std::move(blocks))) server_.note_given(from);
                },
            .has_room = [this] { return client_.in_hand().has_room(); },
            .established = [this](const PeerId& peer) { return server_.is_established(peer); }};
  }

  void connected(net::Connection& connection) override { client_.connected(connection.peer()); }
  void disconnected(net::Connection& connection) override {
    const net::Connection* rest = swarm_.best(connection.peer());
    const bool was_last = rest == nullptr || rest == &connection;
    if (was_last) inbound_.forget(connection.peer());
    client_.disconnected(connection, was_last);
    server_.disconnected(connection.peer(), connection.id(), was_last);
  }

  void leave_swarm() {
    if (std::exchange(left_, true)) return;
    for (const std::string& protocol : speaks_) swarm_.protocols().remove(protocol);
    swarm_.remove_observer(*this);
  }

  net::Swarm& swarm_;
  const std::unique_ptr<ServedBlocks> served_;
  const std::unique_ptr<BlockReader> store_;
  const std::vector<std::string> speaks_;
  Client client_;
  Server server_;
  Inbound inbound_;
  bool left_ = false;
};

}  // namespace

std::unique_ptr<Bitswap> make_node(System& system, net::Swarm& swarm,
                                   std::unique_ptr<BlockReader> store,
                                   std::unique_ptr<ServedBlocks> served, Tuning tuning,
                                   std::vector<std::string> speaks) {
  return std::make_unique<Node>(system, swarm, std::move(store), std::move(served), tuning,
                                std::move(speaks));
}

}  // namespace shoal::content::bitswap
