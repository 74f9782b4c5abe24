#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/subscription.h"
#include "content/block.h"
#include "content/served/served_blocks.h"
#include "content/store/block_store.h"
#include "net/swarm/swarm.h"
#include "system/system.h"

namespace shoal::content {

/// What one source gave to one session.
struct SourceCount {
  PeerId peer;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
};

struct SessionCounts {
  std::uint64_t blocks_fetched = 0;    // wanted, verified, handed over
  std::uint64_t blocks_duplicate = 0;  // right, but no longer wanted
  std::uint64_t bytes_hashed = 0;
  std::vector<SourceCount> sources;  // in order of their first block
};

struct Trouble {
  PeerId peer;
  std::string reason;  // for people
};

/// What a peer says of itself: `part` gets the same tree and has some of it, `whole` has it all.
enum class PeerRole { unknown, part, whole };

/// One download: the blocks it wants and the peers that may have them. Ends when destroyed; wants
/// still open are then cancelled at the peers. Borrows its Bitswap, which must outlive it.
class Session {
 public:
  virtual ~Session() = default;

  /// Peers to ask. Connects as needed; a peer that cannot be reached is dropped with its reason.
  virtual void add_peer(const PeerId& peer) = 0;
  /// A peer that gets the same tree. Asked while it is connected, which is not this session's
  /// business, and only for what it says it has.
  virtual void add_neighbour(const PeerId&) {}
  /// Of a peer that was added.
  virtual void set_role(const PeerId&, PeerRole) {}
  /// Whether a peer that gets the same tree is connected: then many blocks are asked for at once,
  /// to choose from.
  virtual bool together() const { return false; }
  /// From now on blocks of this session that somebody still holds count against what is read from
  /// peers: its caller may ask for more than there is memory for.
  virtual void bound_memory() {}
  /// Whether more may be added soon: until then, that none is left does not end a fetch().
  virtual void expect_peers(bool more) = 0;

  /// The verified block. Any number may be under way at once; they go out in the order asked. Waits
  /// while no peer has it: forever, since the caller bounds waiting. Cancellable, which cancels the
  /// want. Throws Error{corrupt} when every peer that claimed it sent something else,
  /// Error{unreachable} with every reason when no peer could be connected, Error{not_found} when
  /// every peer said that it has it not.
  virtual Task<Block> fetch(Cid cid) = 0;

  /// The same for the top of a tree, which whoever gets the tree has before anything else of it: it
  /// is not found as soon as every peer has said once that it lacks it. Of other blocks, a peer
  /// that lacks one may be about to get it.
  virtual Task<Block> fetch_root(Cid cid) { return fetch(std::move(cid)); }

  /// Returns when it has been told of every liar what it lied about; a few seconds at most.
  virtual Task<void> settle() { co_return; }

  virtual const SessionCounts& counts() const = 0;
  /// Of what its peers are sending, as much as has come: a block counts when all of it has.
  virtual std::size_t bytes_arriving() const { return 0; }
  /// Connected peers that this session may ask.
  virtual std::size_t live_peers() const = 0;
  /// Of those of the others with whom something went wrong, what it was last.
  virtual std::vector<Trouble> troubles() const { return {}; }
};

/// A peer that sent something else than it was asked for, and is asked no more.
struct BadPeer {
  PeerId peer;
  std::string reason;
  /// What should have come instead: the block that was asked for first, when it cannot be told for
  /// certain, as the reason then says.
  std::optional<Cid> cid;
};

/// What a peer has been sent, for whoever counts downloads.
struct Sent {
  PeerId peer;
  Cid cid;
  std::uint64_t bytes;
};

using BlockFilter = std::function<bool(const Multihash&)>;

/// Whom a session asks.
enum class Asks {
  /// Peers that are said to have the content. They are connected as needed; it ends when none of
  /// them can be, or none has it.
  providers,
  /// Whoever is connected: nobody is known to have it, and somebody who does may come. It dials
  /// nobody and does not end by itself.
  anybody,
};

/// Bitswap 1.2.0, answering 1.1.0 and 1.0.0 as well: ipfs/specs, bitswap-protocol. Serves from a
/// block store and fetches through sessions.
class Bitswap {
 public:
  /// Borrows all three for its life. stop() must have returned before it is destroyed.
  static std::unique_ptr<Bitswap> make(System& system, net::Swarm& swarm, BlockStore& store);
  virtual ~Bitswap() = default;

  virtual std::unique_ptr<Session> session(Asks whom) = 0;
  std::unique_ptr<Session> session() { return session(Asks::providers); }

  /// Asks every peer that is connected now or later whether it has `cid`, until the answer is
  /// destroyed, which borrows this until then. `found` is called once for each that says so.
  virtual std::shared_ptr<void> who_has(Cid cid, std::function<void(const PeerId&)> found) = 0;

  /// The blocks that peers get an answer for; of all others they are told that they are not here.
  virtual ServedBlocks& served() = 0;
  /// Tells those peers that wait for it that a block has come to the store and is served.
  virtual void offer(const Multihash& hash) = 0;
  /// The same of all blocks that peers wait for: many have come at once.
  virtual void offer_all() = 0;
  /// That peer, while it is connected, gives what it gets to others who want it, too: what it asks
  /// for goes out in the order of what the fewest peers have been sent.
  virtual void note_sharing(const PeerId&) {}
  /// Whether a peer that shares what it gets is being sent blocks, or has asked for some.
  virtual bool is_giving() const { return false; }
  /// Tells whether what is sent is held back by a limit of ours: one block at a time is then as
  /// quick as several.
  virtual void when_saturated(std::function<bool()>) {}
  /// Of what peers are being sent, as much as they have taken: of those blocks that `counted`
  /// takes, or of all.
  virtual std::size_t bytes_leaving(const BlockFilter& counted) const = 0;
  std::size_t bytes_leaving() const { return bytes_leaving({}); }

  virtual void when_bad_peer(std::function<void(const BadPeer&)> callback) = 0;
  /// Called for each block that a peer has been sent, on the event loop.
  virtual Subscription when_sent(std::function<void(const Sent&)> callback) = 0;

  virtual Task<void> stop() = 0;
};

}  // namespace shoal::content
