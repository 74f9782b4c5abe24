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
#include "service/block_queue.h"
#include "service/content_session.h"
#include "service/context.h"
#include "system/system.h"

namespace shoal::service {

/// Whether blocks that are not held here are fetched.
enum class Fetching { as_needed, never };

/// Verified blocks from wherever they are: told by the CID itself, held here, or fetched from the
/// providers, who are asked for nothing before that is needed.
class ContentSource {
 public:
  ContentSource(Context context, Origin origin, Fetching fetching = Fetching::as_needed);

  /// Nodes with links are kept in the store; leaves are not. Throws what Session::fetch() throws;
  /// Error{not_found} for a block that is not held and never fetched.
  Task<SharedBytes> block(Cid cid);

  /// What the block means, decoded off the event loop when that takes long.
  Task<UnixfsNode> describe(Cid cid, SharedBytes block);

  Task<FileNode> describe_part(FilePart part, SharedBytes block);

  /// What hears of a folder while it is read.
  struct FolderReader {
    /// A block of it was read, which names so many entries itself.
    std::function<void(const Cid&, std::size_t bytes, std::size_t entries)> node;
    /// Some of its entries.
    std::function<Task<void>(std::vector<DagPbLink>)> entries;
  };
  /// All entries of a folder, sharded or not: at once in order of their names when they take at
  /// most `max_bytes` of memory, else as they are found. `node` describes the block of `folder`.
  Task<void> read_folder(Cid folder, UnixfsNode node, SharedBytes block, std::size_t max_bytes,
                         const FolderReader& reader);

  /// Bytes of a file that is one raw block, `link` pointing to it: as held, else as the link says.
  std::uint64_t raw_bytes(const DagPbLink& link) const;

  std::vector<content::Trouble> troubles() const {
    return session_ ? (*session_)->troubles() : std::vector<content::Trouble>();
  }

  std::size_t bytes_arriving() const { return session_ ? (*session_)->bytes_arriving() : 0; }

  System& system() { return context_.system; }
  content::BlockStore& store() { return context_.store; }
  ReadAhead& read_ahead() { return read_ahead_; }

 private:
  const Context context_;
  const Origin origin_;
  const Fetching fetching_;
  std::optional<ContentSession> session_;
  ReadAhead read_ahead_;
};

/// What entries take in memory.
std::size_t memory_of(const std::vector<DagPbLink>& entries);

}  // namespace shoal::service
