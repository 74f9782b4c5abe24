#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/bitswap/inbound.h"
#include "content/bitswap/outbound_stream.h"
#include "content/bitswap/want_table.h"
#include "content/bitswap/wantlist.h"
#include "system/task_group.h"

namespace shoal::content::bitswap {

class SessionState;

/// The asking side: one wantlist for each peer, made of what all sessions want of it, and the way
/// of what comes back to the sessions.
///
/// An honest peer sends only what it was asked for. Since a block comes without its digest, one
/// that was tampered with looks like one that nobody asked for: a peer that owes blocks and sends
/// such a thing instead is a liar, and no session asks it again.
class Client {
 public:
  /// Unasked blocks that a peer which owes nothing may send before it is disconnected.
  static constexpr std::size_t kMaxUnaskedBlocks = 16;
  static constexpr std::size_t kMaxUnaskedBytes = 16 * 1024 * 1024;
  static constexpr int kMaxFailures = 5;

  Client(System& system, net::Swarm& swarm, Tuning tuning);
  ~Client();

  std::unique_ptr<Session> session();
  void receive(const PeerId& from, const Message& message);
  void receive_blocks(const PeerId& from, std::vector<ReceivedBlock> blocks);
  void connected(const PeerId& peer);
  void disconnected(const PeerId& peer, net::ConnectionId connection, bool was_last);
  void when_bad_peer(std::function<void(const BadPeer&)> callback) { bad_ = std::move(callback); }
  Task<void> stop();

  // For sessions.
  System& system() { return system_; }
  net::Swarm& swarm() { return swarm_; }
  TaskGroup& tasks() { return tasks_; }
  void set_want(const PeerId& peer, std::uint64_t session, const Cid& cid, Ask ask,
                std::uint64_t order, bool again);
  void end_session(SessionState& session);

 private:
  struct Link;
  struct Unasked {
    std::size_t blocks = 0;
    std::size_t bytes = 0;
  };

  Link& link(const PeerId& peer);
  Link* find(const PeerId& peer);
  Task<void> send_wants(std::shared_ptr<Link> link);
  Task<void> send_changes(Link& link);
  void take_block(const PeerId& from, ReceivedBlock block);
  void take_unasked(const PeerId& from, const ReceivedBlock& block);
  void expose(const PeerId& liar, const ReceivedBlock& block);
  std::vector<std::shared_ptr<SessionState>> sessions() const { return sessions_; }

  System& system_;
  net::Swarm& swarm_;
  const Tuning tuning_;
  std::function<void(const BadPeer&)> bad_;
  std::uint64_t next_session_ = 0;
  std::vector<std::shared_ptr<SessionState>> sessions_;
  std::map<PeerId, std::shared_ptr<Link>> links_;
  std::map<PeerId, Unasked> unasked_;  // of connected peers
  TaskGroup tasks_;
};

}  // namespace shoal::content::bitswap
