#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/import/importer.h"
#include "content/store/block_store.h"
#include "net/swarm/swarm.h"
#include "service/context.h"
#include "service/done_listener.h"
#include "service/link.h"
#include "system/system.h"

namespace shoal::service {

/// What one peer has been sent of a share since the last time this was told.
struct SentToPeer {
  PeerId peer;
  std::uint64_t bytes = 0;
  bool complete = false;  // the peer has it all
};

/// Serves one tree from where it lies, and counts who has got it. A node may have any number of
/// them; a block that several of them contain counts for each.
///
/// A peer is complete when it says so (Shoal's own `/shoal/done/1.0.0`, in which a receiver names
/// the root that it has verified) or, with a tree of at most Delivery::kMaxBlocks, when every block
/// of the tree has been sent to it.
class Share {
 public:
  /// Borrows all for its life. stop() must have returned before it is destroyed.
  Share(Context context, DoneListener& done);
  ~Share();

  /// Indexes in place; from its return on the content is served. Throws Error{io}, {usage}.
  Task<content::ImportResult> index(std::vector<std::string> paths, content::ImportOptions options);
  /// The same for what the store holds all of already. Instead of index(), once.
  Task<void> adopt(Cid root);
  /// After either: lets others find it by its CID, in every network that the node is in, for as
  /// long as it is served. `findable` is called for each network once they can.
  void announce(std::function<void(const routing::Provided&)> findable);
  /// While index() runs.
  content::ImportProgress progress() const;

  /// A link to what was indexed, with the fewest of `addresses` (which end in /p2p/ID) that do.
  Link link(const std::vector<Multiaddr>& addresses) const;

  /// Called when a peer has it all, and when a peer that got some of it goes.
  void when_sent(std::function<void(const SentToPeer&)> callback);
  /// Called once for each file of this tree that others asked for and that can no longer be sent as
  /// it was indexed: it was changed, has gone, or cannot be read.
  void when_missed(std::function<void(const std::string& path)> callback);
  /// Complete downloads so far; a peer counts each time that it said so, and was sent some of it
  /// since it said so before.
  std::uint64_t complete_downloads() const;
  std::uint64_t bytes_sent() const;
  /// Of the blocks of it that are being sent, as much as their receivers have taken.
  std::uint64_t bytes_leaving() const;

  Task<void> stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Tells `peer` that this node has all of `root`; quietly does nothing when the peer is not
/// connected or does not speak the protocol.
Task<void> tell_done(System& system, net::Swarm& swarm, PeerId peer, Cid root);

}  // namespace shoal::service
