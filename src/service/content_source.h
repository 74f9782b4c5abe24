#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "content/bitswap/bitswap.h"
#include "content/store/block_store.h"
#include "format/dag_pb.h"
#include "format/multiaddr.h"
#include "format/unixfs_node.h"
#include "net/swarm/swarm.h"
#include "service/content_session.h"
#include "system/system.h"

namespace shoal::service {

/// Verified blocks from wherever they are: told by the CID itself, held here, or fetched from the
/// providers, who are asked for nothing before that is needed.
class ContentSource {
 public:
  /// Borrows all but the providers for its life.
  ContentSource(System& system, net::Swarm& swarm, content::BlockStore& store,
                content::Bitswap& bitswap, std::vector<Multiaddr> providers);

  /// Nodes with links are kept in the store; leaves are not. Throws what Session::fetch() throws.
  Task<SharedBytes> block(Cid cid);

  /// All entries of a folder, sharded or not, in order of their names. `node` describes the block
  /// of `folder`. `shard` hears of every other block that this takes, before it is fetched.
  Task<std::vector<DagPbLink>> entries(Cid folder, UnixfsNode node, SharedBytes block,
                                       std::function<void(const Cid&)> shard);

  /// Bytes of a file that is one raw block, `link` pointing to it: as held, else as the link says.
  std::uint64_t raw_bytes(const DagPbLink& link) const;

  std::vector<content::Trouble> troubles() const {
    return session_ ? (*session_)->troubles() : std::vector<content::Trouble>();
  }

  std::size_t bytes_arriving() const { return session_ ? (*session_)->bytes_arriving() : 0; }

  System& system() { return system_; }
  content::BlockStore& store() { return store_; }

 private:
  System& system_;
  net::Swarm& swarm_;
  content::BlockStore& store_;
  content::Bitswap& bitswap_;
  const std::vector<Multiaddr> providers_;
  std::optional<ContentSession> session_;
};

}  // namespace shoal::service
